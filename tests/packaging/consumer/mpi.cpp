#include <seqnn/mpi/communicator.hpp>

#include <iostream>

int main(int argc, char** argv) {
  const seqnn::Communicator world(argc, argv);
  std::cout << "rank " << world.rank() << " of " << world.size() << '\n';
}
