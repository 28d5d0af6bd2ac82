#pragma once

#include "seqnn/walkforward/run.hpp"

#ifdef WITH_MPI
#include "seqnn/mpi/walk_forward.hpp"
#endif

#include <cstddef>
#include <cstdlib>
#include <optional>
#include <string>

namespace walk_forward {

/// The processes that share a run: those of mpirun, if that started the program and it was built with MPI; else this
/// one.
class Ranks {
 public:
#ifdef WITH_MPI
  Ranks(int& argc, char**& argv) {
    // What Open MPI, and MPICH and its kin, tell the processes they start.
    if (std::getenv("OMPI_COMM_WORLD_SIZE") != nullptr || std::getenv("PMI_SIZE") != nullptr)
      world_.emplace(argc, argv);
  }

  std::size_t count() const { return world_ ? world_->size() : 1; }

  /// Whether this process has the store and tells what came of the run.
  bool leads() const { return !world_ || world_->rank() == 0; }

  seqnn::WalkForwardRun run(const seqnn::WalkForwardPlan& plan, const seqnn::PointForecasterFactory& factory,
                            const seqnn::WalkForwardRunOptions& options) {
    return world_ ? run_walk_forward(plan, factory, options, *world_) : run_walk_forward(plan, factory, options);
  }

  /// Ends all processes of mpirun, which would wait for this one; returns if there are none.
  void fail(const std::string& message) {
    if (world_) world_->abort(message);
  }

 private:
  std::optional<seqnn::Communicator> world_;
#else
  Ranks(int&, char**&) {}
  std::size_t count() const { return 1; }
  bool leads() const { return true; }
  seqnn::WalkForwardRun run(const seqnn::WalkForwardPlan& plan, const seqnn::PointForecasterFactory& factory,
                            const seqnn::WalkForwardRunOptions& options) {
    return run_walk_forward(plan, factory, options);
  }
  void fail(const std::string&) {}
#endif
};

}  // namespace walk_forward
