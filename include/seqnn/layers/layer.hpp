#pragma once

#include "seqnn/core/arena.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/core/parameters.hpp"
#include "seqnn/core/random.hpp"
#include "seqnn/core/recipe.hpp"
#include "seqnn/kernels/pool_window.hpp"
#include "seqnn/layers/masked_steps.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// One tile of samples on its way through one layer: everything `forward` and `backward` may read and write. Shapes
/// leave out the batch axis; all blocks are contiguous and row-major with `batch` samples.
///
/// The same struct, with null pointers, is what `plan` sees: a layer takes its memory from the arenas in the same order
/// in `plan`, `prepare`, `forward`, `backward` and `finish`.
template <class Real>
struct Pass {
  std::size_t batch = 0;
  std::size_t tile = 0;  ///< most samples of any pass
  const Shape* input_shape = nullptr;
  const Shape* output_shape = nullptr;
  const Shape* inner_shapes = nullptr;  ///< what Layer::inner_shapes gives for input_shape
  bool training = false;
  bool input_gradient = false;  ///< when training: whether backward will be asked for dx

  const Real* x = nullptr;            ///< input; null if the input is token ids
  const std::int32_t* ids = nullptr;  ///< input of a layer that reads token ids
  Real* y = nullptr;                  ///< output
  Real* dy = nullptr;                 ///< backward: gradient of the loss by y; the layer may overwrite it
  Real* dx = nullptr;                 ///< backward: gradient by x, to be written (not added); null if nobody needs it

  /// [batch, mask_steps]: 0 at the steps of the input that do not count; null if all do. See Layer::mask_use.
  const std::uint8_t* mask = nullptr;
  std::size_t mask_steps = 0;  ///< values of it a sample: its steps are the first axes of the input, (T) or more
  std::uint8_t* output_mask = nullptr;  ///< the output's, of a layer that makes or changes it
  /// [batch, Layer::state_size]: the state before the first step, replaced by that after the last. Null: begins at
  /// zero, and nobody asks how it ends.
  Real* state = nullptr;
  /// Backward: the gradient by the last state, replaced by the gradient by the first. Null: zero, and nobody asks.
  Real* state_gradient = nullptr;

  /// Windows of the output. If set, y and dy are the maxima over them and their gradient: see Layer::pools.
  const PoolWindow* pool = nullptr;

  const ParameterLayout* layout = nullptr;
  const Real* parameters = nullptr;  ///< the flat buffer of the model
  Real* gradients = nullptr;         ///< likewise; backward adds to it
  Real* moving = nullptr;            ///< the flat buffer once more, for `moved`; null where nobody may write it

  Arena prepared;  ///< filled by `prepare`, read by passes, lives for one step: weights packed for the kernels
  Arena kept;      ///< written by `forward` when training, read by `backward` of the same tile
  Arena scratch;   ///< free for use inside one call

  std::uint64_t seed = 0;
  std::uint32_t step = 0;
  std::uint32_t layer_index = 0;
  std::size_t first_sample = 0;  ///< position of the tile's first sample in the batch

  /// Values and gradient of a parameter; null if it was not declared.
  const Real* operator[](Parameter p) const {
    return parameters == nullptr || !p.declared() ? nullptr : parameters + (*layout)[p].offset;
  }
  Real* gradient(Parameter p) const {
    return gradients == nullptr || !p.declared() ? nullptr : gradients + (*layout)[p].offset;
  }

  /// Values of a parameter that is not trained, to be replaced in `finish` by a layer with `whole_batch`; null where
  /// they must stay.
  Real* moved(Parameter p) const { return moving == nullptr ? nullptr : moving + (*layout)[p].offset; }

  /// The random numbers of sample `i` of the tile: the same for every division into tiles, shards and threads.
  /// @param own_seed  mixed into the model's: the `.seed` of a layer
  RandomStream random(std::size_t i, Purpose purpose = Purpose::dropout, std::uint64_t own_seed = 0) const {
    return RandomStream({.seed = seed ^ (own_seed * 0x9E3779B97F4A7C15U),
                         .purpose = purpose,
                         .index = layer_index,
                         .step = step,
                         .sample = static_cast<std::uint32_t>(first_sample + i)});
  }
};

/// What a layer reads.
enum class InputKind { values, ids };

/// What becomes of a mask, which says which time steps of each sequence count, in a layer.
enum class MaskUse {
  refuses,  ///< mixes time steps without regard to it: a model with a mask there is an error
  keeps,    ///< treats steps alone, or leaves masked ones out: the output has the same mask
  ends,     ///< leaves masked steps out, and the output has no time steps
  changes,  ///< likewise, but writes the output's own mask
  makes     ///< writes a mask, whether the input has one or not
};

/// A layer of a model. It describes itself and computes, but owns no numbers: parameters lie in the model's flat buffer
/// and everything else in a workspace of the caller, so that any number of threads can use one layer.
template <class Real>
class Layer {
 public:
  virtual ~Layer() = default;

  /// "Conv1D"
  virtual std::string type() const = 0;

  /// What `x` is.
  virtual InputKind input_kind() const { return InputKind::values; }

  /// Checks the input shape, which may contain kAnyLength, and declares parameters. Called once.
  /// @throws ShapeError, OptionError
  virtual void build(const Shape& input, ParameterLayout& parameters) {
    (void)parameters;
    (void)output_shape(input);
  }

  /// Shape of one output sample; kAnyLength passes through.  @throws ShapeError
  virtual Shape output_shape(const Shape& input) const = 0;

  /// Adds the shapes that the layers inside this one meet when it reads samples of `input`. They depend on the input,
  /// so a workspace keeps them and `Pass::inner_shapes` points at them. Their number is the same for every input.
  virtual void inner_shapes(const Shape& input, std::vector<Shape>& shapes) const {
    (void)input;
    (void)shapes;
  }

  /// Whether output and input are the same values in the same order, so that they can share memory: then neither
  /// `forward` nor `backward` is called.
  virtual bool passes_through(bool training) const {
    (void)training;
    return false;
  }

  virtual MaskUse mask_use() const { return MaskUse::refuses; }

  /// Checks, for a mask of the input, that its steps stay as they are where it is kept, also inside the layer.
  /// @throws ShapeError
  virtual void check_mask(const Shape& input, const MaskedSteps& mask) const {
    if (mask_use() == MaskUse::keeps) mask.check_kept(title(), output_shape(input));
  }

  /// Numbers a sample by which the layer remembers earlier steps; 0 if each output depends on the input alone.
  virtual std::size_t state_size(const Shape& input) const {
    (void)input;
    return 0;
  }

  /// Whether the state stays from one batch to the next.
  virtual bool stateful() const { return false; }

  /// Whether the output is to be more than one tensor, which a model of layers in a row has no place for.
  virtual bool returns_state() const { return false; }

  /// Whether a sequence given one step at a time, with the state kept, comes out as it does whole.
  virtual bool steps_alone() const { return false; }

  /// The windows over time whose maxima this layer's output is, for an input of this shape; none if it is anything
  /// else.
  virtual std::optional<PoolWindow> max_windows(const Shape& input) const {
    (void)input;
    return std::nullopt;
  }

  /// Whether the layer can write the maxima over these windows in place of its output, when `Pass::pool` asks for it:
  /// then a max pool behind it costs no pass over memory of its own.
  virtual bool pools(const PoolWindow& windows) const {
    (void)windows;
    return false;
  }

  /// How it computes, for the summary; empty if there is no choice.
  virtual std::string remark() const { return {}; }

  /// Smallest number of samples in a tile at which the layer runs at full speed. A model cuts batches into tiles that
  /// stay in the cache, but not below this.
  virtual std::size_t preferred_tile(const Shape& input) const {
    (void)input;
    return 1;
  }

  /// Whether a training pass must see all samples of a batch at once, as statistics over the batch need. Then a step is
  /// one tile on one thread.
  virtual bool whole_batch() const { return false; }

  /// Takes from the arenas what the passes will take, to measure it.
  virtual void plan(Pass<Real>& pass) const { (void)pass; }

  /// Derives from the parameters what the passes need. Called once a step and thread, before the first tile.
  virtual void prepare(Pass<Real>& pass) const { (void)pass; }

  /// Writes y.
  virtual void forward(Pass<Real>& pass) const = 0;

  /// `forward` for one sample of one time step that continues `pass.state`, where a layer knows a shorter way.
  virtual void step(Pass<Real>& pass) const { forward(pass); }

  /// Adds to the gradients and writes dx unless it is null.
  virtual void backward(Pass<Real>& pass) const = 0;

  /// Called once a step and thread, after the last tile's backward: to bring in gradients gathered in `prepared`.
  virtual void finish(Pass<Real>& pass) const { (void)pass; }

  /// Checks token ids before they are used.  @param row_length ids a sample  @throws DataError
  virtual void check_ids(const std::int32_t* ids, std::size_t count, std::size_t row_length) const {
    (void)ids;
    (void)count;
    (void)row_length;
  }

  /// Unique in a model; given by the user or by the model ("conv1d_1").
  const std::string& name() const { return name_; }
  void set_name(std::string name) { name_ = std::move(name); }

  /// `Conv1D "conv1d_1"`, the beginning of every message about this layer.
  SEQNN_COLD std::string title() const { return text(type(), " \"", name_, '"'); }

 private:
  std::string name_;
};

template <class Real>
using LayerRecipe = Recipe<Layer<Real>>;

}  // namespace seqnn::inline SEQNN_ABI
