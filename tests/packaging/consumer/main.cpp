#include <seqnn/seqnn.hpp>

#include <iostream>

int main() {
  seqnn::Sequential<float> model({seqnn::Dense(3)});
  model.build({4});
  std::cout << model.summary();  // 4 * 3 weights and 3 biases: 15 parameters
}
