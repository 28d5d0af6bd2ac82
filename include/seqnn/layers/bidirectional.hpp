#pragma once

#include "seqnn/kernels/sweep.hpp"
#include "seqnn/kernels/updates.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// What becomes of the outputs of the two directions.
enum class MergeMode {
  concat,  ///< side by side
  sum,
  mul,  ///< product, element by element
  ave,  ///< mean
  none  ///< both, along an axis of their own; only for a layer called alone
};

SEQNN_COLD inline std::string to_string(MergeMode mode) {
  static constexpr const char* kNames[] = {"concat", "sum", "mul", "ave", "none"};
  return text("MergeMode::", kNames[static_cast<int>(mode)]);
}

struct BidirectionalOptions {
  MergeMode merge_mode = MergeMode::concat;
  std::string name = {};

  bool operator==(const BidirectionalOptions&) const = default;
};

/// A value that describes a recurrent layer and can turn its direction of time.
template <class Value>
concept RecurrentRecipe = requires(const Value& value) {
  { value.reversed() } -> std::same_as<Value>;
  { value.to_string() } -> std::convertible_to<std::string>;
  { value.options().go_backwards } -> std::convertible_to<bool>;
  { value.options().return_sequences } -> std::convertible_to<bool>;
  { value.options().name } -> std::convertible_to<std::string>;
};

/// Two recurrent layers, one going forward in time and one backward, whose outputs are merged.
///
///   y_t = merge(forward(x)_t, backward(x)_t)      without return_sequences: of the last output of each
///
/// With return_sequences the output of a masked step is 0, whatever zero_output_for_mask of the layers says: the two
/// directions have seen different steps before it.
///
/// Shapes  x [B,T,D] -> y as the layers', with both layers' units (concat), or those of each (sum, mul, ave)
///         none: [B,2,…], first forward, then backward
///         parameters "<name>/forward_<layer>/…" and "<name>/backward_<layer>/…"
/// State   the forward layer's, then the backward layer's
/// Throws  OptionError if layer goes backwards or backward_layer does not, if they differ in return_sequences,
///         return_state or stateful, or, unless they are set side by side, in the width of their outputs
/// Source  Schuster & Paliwal 1997
template <RecurrentRecipe Forward, RecurrentRecipe Backward = Forward>
class Bidirectional {
 public:
  /// The backward layer is the same with go_backwards.
  explicit Bidirectional(Forward layer, BidirectionalOptions options = {}) requires std::same_as<Forward, Backward>
      : layer_(std::move(layer)), options_(std::move(options)) {
    check();
  }

  Bidirectional(Forward layer, Backward backward_layer, BidirectionalOptions options = {})
      : layer_(std::move(layer)), backward_layer_(std::move(backward_layer)), options_(std::move(options)) {
    check();
  }

  const Forward& layer() const { return layer_; }

  SEQNN_COLD Backward backward_layer() const {
    if constexpr (std::same_as<Forward, Backward>) {
      if (!backward_layer_) return layer_.reversed();
    }
    return *backward_layer_;
  }

  const BidirectionalOptions& options() const { return options_; }

  SEQNN_COLD std::string to_string() const {
    const BidirectionalOptions standard;
    Describe describe("Bidirectional");
    std::move(describe).argument(layer_);
    if (backward_layer_) std::move(describe).argument(*backward_layer_);
    return std::move(describe)
        .option("merge_mode", options_.merge_mode, standard.merge_mode)
        .option("name", options_.name, standard.name)
        .str();
  }

  bool operator==(const Bidirectional&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  SEQNN_COLD void check() const {
    const std::string title = option_title("Bidirectional", options_.name);
    const Backward backward = backward_layer();
    const auto& f = layer_.options();
    const auto& b = backward.options();
    if (f.go_backwards) {
      throw OptionError(text(title, ": layer must not go backwards, got ", layer_.to_string(),
                             "; the backward layer is made of it, or is the second argument"));
    }
    if (!b.go_backwards) {
      throw OptionError(text(title, ": backward_layer must have go_backwards = true, got ", backward.to_string()));
    }
    const auto check_same = [&](const char* option, bool forward, bool other) {
      if (forward == other) return;
      throw OptionError(
          text(title, ": layer and backward_layer must agree in ", option, ", got ", forward, " and ", other));
    };
    check_same("return_sequences", f.return_sequences, b.return_sequences);
    if constexpr (requires { f.return_state == b.return_state; }) {
      check_same("return_state", f.return_state, b.return_state);
    }
    if constexpr (requires { f.stateful == b.stateful; }) check_same("stateful", f.stateful, b.stateful);
  }

  Forward layer_;
  std::optional<Backward> backward_layer_;
  BidirectionalOptions options_;
};

template <class Forward>
Bidirectional(Forward, BidirectionalOptions = {}) -> Bidirectional<Forward>;
template <class Forward, class Backward>
Bidirectional(Forward, Backward, BidirectionalOptions = {}) -> Bidirectional<Forward, Backward>;

/// Computes Bidirectional.
template <class Real>
class BidirectionalLayer final : public Layer<Real> {
 public:
  /// @param own_name  whether the backward layer was given with a name, which then stays
  BidirectionalLayer(std::unique_ptr<Layer<Real>> forward, std::unique_ptr<Layer<Real>> backward, bool own_name,
                     bool sequences, const BidirectionalOptions& options)
      : halves_{std::move(forward), std::move(backward)}, sequences_(sequences), mode_(options.merge_mode) {
    this->set_name(options.name);
    names_[0] = half_name(*halves_[0], "forward_");
    names_[1] = own_name ? halves_[1]->name() : half_name(*halves_[1], "backward_");
    for (std::size_t h : {0U, 1U}) halves_[h]->set_name(names_[h]);
  }

  std::string type() const override { return "Bidirectional"; }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    Shape output = halves_[0]->output_shape(input);
    if (mode_ == MergeMode::concat) output.back() += halves_[1]->output_shape(input).back();
    if (mode_ == MergeMode::none) output.insert(output.begin(), 2);
    return output;
  }

  SEQNN_COLD void build(const Shape& input, ParameterLayout& parameters) override {
    for (const std::size_t h : {0U, 1U}) {
      halves_[h]->set_name(this->name() + '/' + names_[h]);
      halves_[h]->build(input, parameters);
      half_outputs_[h] = halves_[h]->output_shape(input);
    }
    if (mode_ != MergeMode::concat && width(0) != width(1)) {
      throw OptionError(text(this->title(), ": layer and backward_layer must have outputs of the same width under ",
                             to_string(mode_), ", got ", width(0), " and ", width(1)));
    }
  }

  MaskUse mask_use() const override {
    for (const auto& half : halves_) {
      if (half->mask_use() == MaskUse::refuses) return MaskUse::refuses;
    }
    return sequences_ ? MaskUse::keeps : MaskUse::ends;
  }

  std::size_t state_size(const Shape& input) const override {
    return halves_[0]->state_size(input) + halves_[1]->state_size(input);
  }

  bool stateful() const override { return halves_[0]->stateful(); }
  bool returns_state() const override {
    return halves_[0]->returns_state() || halves_[1]->returns_state() || mode_ == MergeMode::none;
  }

  std::size_t preferred_tile(const Shape& input) const override {
    return std::max(halves_[0]->preferred_tile(input), halves_[1]->preferred_tile(input));
  }

  SEQNN_COLD std::string remark() const override {
    const std::string forward = halves_[0]->remark();
    const std::string backward = halves_[1]->remark();
    return forward == backward ? forward : text("forward ", forward, "; backward ", backward);
  }

  void plan(Pass<Real>& pass) const override { Memory::take(*this, pass); }

  void prepare(Pass<Real>& pass) const override {
    Memory m = Memory::take(*this, pass);
    for (const std::size_t h : {0U, 1U}) halves_[h]->prepare(m.half[h]);
  }

  void forward(Pass<Real>& pass) const override {
    Memory m = Memory::take(*this, pass);
    for (const std::size_t h : {0U, 1U}) {
      point(pass, m, h);
      halves_[h]->forward(m.half[h]);
      if (pass.state != nullptr) copy_state(pass, h, pass.state, m.state[h], false);
    }
    merge(pass, m);
  }

  void backward(Pass<Real>& pass) const override {
    Memory m = Memory::take(*this, pass);
    split(pass, m);
    for (const std::size_t h : {0U, 1U}) {
      Pass<Real>& half = m.half[h];
      point(pass, m, h);
      half.dy = m.dy[h];
      half.dx = pass.dx == nullptr ? nullptr : h == 0 ? pass.dx : m.dx;
      if (pass.state_gradient != nullptr) {
        copy_state(pass, h, pass.state_gradient, m.state_gradient[h], true);
        half.state_gradient = m.state_gradient[h];
      }
      halves_[h]->backward(half);
      if (pass.state_gradient != nullptr) copy_state(pass, h, pass.state_gradient, m.state_gradient[h], false);
    }
    if (pass.dx != nullptr) add(pass.batch * element_count(*pass.input_shape), m.dx, pass.dx);
  }

  void finish(Pass<Real>& pass) const override {
    Memory m = Memory::take(*this, pass);
    for (const std::size_t h : {0U, 1U}) halves_[h]->finish(m.half[h]);
  }

 private:
  /// Everything the layer takes from the arenas, for the forward [0] and the backward layer [1].
  struct Memory {
    Real* y[2] = {nullptr, nullptr};      // outputs: kept when training, else scratch
    Real* dy[2] = {nullptr, nullptr};     // scratch: gradients by them
    Real* dx = nullptr;                   // scratch: gradient by x through the backward layer
    Real* state[2] = {nullptr, nullptr};  // scratch: states, each layer's of all samples in one block
    Real* state_gradient[2] = {nullptr, nullptr};
    Pass<Real> half[2];  // with arenas of their own, the scratch in the same place

    static Memory take(const BidirectionalLayer& layer, Pass<Real>& pass) {
      Memory m;
      Arena& samples = pass.training ? pass.kept : pass.scratch;
      Arena& scratch = pass.scratch;
      for (const std::size_t h : {0U, 1U}) {
        const std::size_t outputs = pass.batch * layer.rows(pass) * layer.width(h);
        const std::size_t states = pass.batch * layer.halves_[h]->state_size(*pass.input_shape);
        m.y[h] = samples.template take<Real>(outputs);
        m.state[h] = scratch.template take<Real>(states);
        if (!pass.training) continue;
        m.dy[h] = scratch.template take<Real>(outputs);
        m.state_gradient[h] = scratch.template take<Real>(states);
      }
      if (pass.training && pass.input_gradient) {
        m.dx = scratch.template take<Real>(pass.batch * element_count(*pass.input_shape));
      }
      // A layer may take less in one call than in another, so each gets what its plan takes.
      Arena needs[2];
      for (const std::size_t h : {0U, 1U}) {
        Pass<Real>& half = m.half[h];
        half = layer.half_pass(pass, h);
        layer.halves_[h]->plan(half);
        needs[h] = half.scratch;
        half.prepared = Arena(pass.prepared.template take<std::byte>(half.prepared.used()));
        half.kept = Arena(pass.kept.template take<std::byte>(half.kept.used()));
      }
      std::byte* shared = scratch.template take<std::byte>(std::max(needs[0].used(), needs[1].used()));
      for (Pass<Real>& half : m.half) half.scratch = Arena(shared);
      return m;
    }
  };

  /// Rows of output a sample.
  std::size_t rows(const Pass<Real>& pass) const { return sequences_ ? pass.input_shape->front() : 1; }
  std::size_t width(std::size_t h) const { return half_outputs_[h].back(); }

  /// Whether the output has a time axis and this step of it does not count.
  bool masked(const Pass<Real>& pass, std::size_t b, std::size_t t) const {
    return sequences_ && pass.mask != nullptr && pass.mask[b * rows(pass) + t] == 0;
  }

  Pass<Real> half_pass(const Pass<Real>& pass, std::size_t h) const {
    Pass<Real> half = pass;
    half.output_shape = &half_outputs_[h];  // with the time axis that `build` saw
    half.y = half.dy = half.dx = half.state = half.state_gradient = nullptr;
    half.output_mask = nullptr;
    half.prepared = half.kept = half.scratch = Arena();
    if (h == 1) half.seed ^= 0xD1B54A32D192ED03U;  // dropout of its own
    return half;
  }

  void point(const Pass<Real>& pass, Memory& m, std::size_t h) const {
    m.half[h].y = m.y[h];
    if (pass.state == nullptr) return;
    copy_state(pass, h, pass.state, m.state[h], true);
    m.half[h].state = m.state[h];
  }

  /// Between [batch, both layers' states] and [batch, those of one].
  void copy_state(const Pass<Real>& pass, std::size_t h, Real* both, Real* one, bool to_one) const {
    const std::size_t sizes[] = {halves_[0]->state_size(*pass.input_shape), halves_[1]->state_size(*pass.input_shape)};
    for (std::size_t b = 0; b < pass.batch; ++b) {
      Real* here = both + b * (sizes[0] + sizes[1]) + (h == 0 ? 0 : sizes[0]);
      Real* there = one + b * sizes[h];
      std::copy_n(to_one ? here : there, sizes[h], to_one ? there : here);
    }
  }

  /// Calls body(b, t, f, r) for every row of output: row t of sample b, and the rows of both layers' outputs that
  /// belong to it. The backward layer's come in the order in which it met them.
  template <class Body>
  void for_each_row(const Pass<Real>& pass, Body&& body) const {
    const std::size_t n = rows(pass);
    for (std::size_t b = 0; b < pass.batch; ++b) {
      for (std::size_t t = 0; t < n; ++t) body(b, t, (b * n + t) * width(0), (b * n + n - 1 - t) * width(1));
    }
  }

  /// Row t of sample b of the output or its gradient: where both layers' rows meet, or, if they stay apart, the forward
  /// layer's and the backward layer's.
  std::pair<Real*, Real*> merged(const Pass<Real>& pass, Real* all, std::size_t b, std::size_t t) const {
    const std::size_t n = rows(pass);
    if (mode_ == MergeMode::concat) {
      Real* row = all + (b * n + t) * (width(0) + width(1));
      return {row, row + width(0)};
    }
    if (mode_ == MergeMode::none) return {all + (2 * b * n + t) * width(0), all + (2 * b * n + n + t) * width(0)};
    return {all + (b * n + t) * width(0), nullptr};
  }

  void merge(const Pass<Real>& pass, const Memory& m) const {
    for_each_row(pass, [&](std::size_t b, std::size_t t, std::size_t f_at, std::size_t r_at) {
      const Real* f = m.y[0] + f_at;
      const Real* r = m.y[1] + r_at;
      const auto [y, y2] = merged(pass, pass.y, b, t);
      if (masked(pass, b, t)) {
        std::fill_n(y, width(0), Real{0});
        if (y2 != nullptr) std::fill_n(y2, width(1), Real{0});
      } else if (y2 != nullptr) {
        std::copy_n(f, width(0), y);
        std::copy_n(r, width(1), y2);
      } else if (mode_ == MergeMode::sum) {
        simd::sweep<Real>(width(0), [&, y = y](auto at) { at.store(y, at.load(f) + at.load(r)); });
      } else if (mode_ == MergeMode::mul) {
        simd::sweep<Real>(width(0), [&, y = y](auto at) { at.store(y, at.load(f) * at.load(r)); });
      } else {
        const Simd<Real> half(Real(0.5));
        simd::sweep<Real>(width(0), [&, y = y](auto at) { at.store(y, (at.load(f) + at.load(r)) * half); });
      }
    });
  }

  /// The gradients by both layers' outputs from that by the merged one.
  void split(const Pass<Real>& pass, const Memory& m) const {
    for_each_row(pass, [&](std::size_t b, std::size_t t, std::size_t f_at, std::size_t r_at) {
      Real* df = m.dy[0] + f_at;
      Real* dr = m.dy[1] + r_at;
      const auto [dy, dy2] = merged(pass, pass.dy, b, t);
      if (masked(pass, b, t)) {
        std::fill_n(df, width(0), Real{0});
        std::fill_n(dr, width(1), Real{0});
      } else if (mode_ == MergeMode::mul) {
        const Real* f = m.y[0] + f_at;
        const Real* r = m.y[1] + r_at;
        simd::sweep<Real>(width(0), [&, dy = dy](auto at) {
          at.store(df, at.load(dy) * at.load(r));
          at.store(dr, at.load(dy) * at.load(f));
        });
      } else {
        std::copy_n(dy, width(0), df);
        std::copy_n(dy2 != nullptr ? dy2 : dy, width(1), dr);
        if (mode_ == MergeMode::ave) scale(width(0), Real(0.5), df);
        if (mode_ == MergeMode::ave) scale(width(1), Real(0.5), dr);
      }
    });
  }

  /// "forward_lstm": the prefix once, then the layer's name, or else that which Keras gives its type.
  SEQNN_COLD static std::string half_name(const Layer<Real>& layer, const std::string& prefix) {
    const std::string& name = layer.name();
    if (name.empty()) return prefix + default_name(layer.type());
    return name.starts_with(prefix) ? name : prefix + name;
  }

  std::unique_ptr<Layer<Real>> halves_[2];
  std::string names_[2];
  bool sequences_;
  MergeMode mode_;
  Shape half_outputs_[2];
};

template <RecurrentRecipe Forward, RecurrentRecipe Backward>
template <class Real>
std::unique_ptr<Layer<Real>> Bidirectional<Forward, Backward>::make(For<Layer<Real>>) const {
  const Backward backward = backward_layer();
  return std::make_unique<BidirectionalLayer<Real>>(layer_.make(For<Layer<Real>>{}), backward.make(For<Layer<Real>>{}),
                                                    backward_layer_.has_value() && !backward.options().name.empty(),
                                                    layer_.options().return_sequences, options_);
}

}  // namespace seqnn::inline SEQNN_ABI
