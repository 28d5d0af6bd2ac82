#pragma once

#include "seqnn/core/seed.hpp"
#include "seqnn/data/any_array.hpp"
#include "seqnn/data/sample_source.hpp"
#include "seqnn/training/callback.hpp"
#include "seqnn/training/process_group.hpp"
#include "seqnn/training/progress_bar.hpp"

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// Samples to validate on: `.validation_data = {x_val, y_val}` or `&dataset`.
using ValidationData = SampleSource;

/// Options of `Sequential::fit`. Names, defaults and meaning are Keras'; `even_batches`, `replacement` and the
/// last four are ours.
struct FitOptions {
  std::size_t epochs = 1;                   ///< number of the epoch at which training ends
  std::size_t batch_size = 32;              ///< samples a step; the last of a pass may have fewer
  std::size_t steps_per_epoch = 0;          ///< steps after which an epoch ends; 0: one pass over the samples
  bool even_batches = false;                ///< samples / batch_size batches a pass, of nearly one size
  bool replacement = false;                 ///< no passes: each batch draws from all samples, uniformly
  double validation_split = 0;              ///< share of samples to validate on: the last ones, before shuffling
  ValidationData validation_data = {};      ///< to validate on, instead
  std::size_t validation_steps = 0;         ///< only so many batches of validation samples, the first; 0: all
  bool shuffle = true;                      ///< new order every pass
  std::map<int, double> class_weight = {};  ///< factor of the training loss by class; 1 where not given
  AnyArray sample_weight = {};    ///< factor of the loss: (samples,) or (samples, time). A data set gathers its own
  std::size_t initial_epoch = 0;  ///< number of the first epoch, to go on with a training
  std::vector<AnyCallback> callbacks = {};
  Verbose verbose = Verbose::automatic;
  std::uint64_t seed = default_seed();  ///< of shuffling and dropout, and of first weights if `fit` builds the model
  std::size_t threads = 1;              ///< how many compute; results do not depend on it
  std::size_t shards = 0;  ///< parts a batch is cut into, each on one thread; 0: chosen from model and batch size
  std::ostream* output = nullptr;  ///< where progress is printed; null: std::cout
  /// Processes that call `fit` with the same model, data and options, and share the shards of each step. Only rank 0
  /// prints. Null: this one alone.
  ProcessGroup* processes = nullptr;
};

/// Options of `evaluate` and `predict`.
struct EvaluateOptions {
  std::size_t batch_size = 128;  ///< most samples in a pass; bounds memory, changes no result
  AnyArray sample_weight = {};   ///< (samples,) or (samples, time); a data set gathers its own
  std::size_t threads = 1;
};

struct PredictOptions {
  std::size_t batch_size = 128;  ///< most samples in a pass; bounds memory, changes no result
  std::size_t threads = 1;
};

}  // namespace seqnn::inline SEQNN_ABI
