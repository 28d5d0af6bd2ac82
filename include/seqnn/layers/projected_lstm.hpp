#pragma once

#include "seqnn/core/activation.hpp"
#include "seqnn/core/constraint.hpp"
#include "seqnn/core/initializer.hpp"
#include "seqnn/core/regularizer.hpp"
#include "seqnn/kernels/column_sums.hpp"
#include "seqnn/kernels/gate_matrix.hpp"
#include "seqnn/kernels/gemm.hpp"
#include "seqnn/kernels/lstm_cell.hpp"
#include "seqnn/kernels/updates.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"
#include "seqnn/layers/time_mask.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// Options of ProjectedLSTM: two of its own, the others as LSTM's.
struct ProjectedLSTMOptions {
  std::size_t rank = 0;    ///< of the weights of input and state together; 0: full, not factored
  std::size_t groups = 1;  ///< parts of input, state and cells that do not see each other; 1: not cut
  Activation activation = Activation::tanh;
  Activation recurrent_activation = Activation::sigmoid;
  bool use_bias = true;
  Initializer kernel_initializer = glorot_uniform();
  Initializer recurrent_initializer = orthogonal();
  Initializer expansion_initializer = glorot_uniform();
  Initializer projection_initializer = glorot_uniform();
  Initializer bias_initializer = zeros();
  bool unit_forget_bias = true;  ///< the forget gate's bias starts at 1
  Regularizer kernel_regularizer = {};
  Regularizer recurrent_regularizer = {};
  Regularizer expansion_regularizer = {};
  Regularizer projection_regularizer = {};
  Regularizer bias_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint recurrent_constraint = {};
  Constraint expansion_constraint = {};
  Constraint projection_constraint = {};
  Constraint bias_constraint = {};
  bool return_sequences = false;
  bool go_backwards = false;
  bool stateful = false;
  bool zero_output_for_mask = false;
  std::string name = {};

  bool operator==(const ProjectedLSTMOptions&) const = default;
};

/// Long short-term memory with n = units cells whose output, and what it reads of the step before, is their projection
/// to r = projection_units numbers (LSTMP): many cells at the price of few.
///
///   a = x_t·W + h·U + b, the four gates i f c o side by side
///   c' = σ(a_f) ⊙ c + σ(a_i) ⊙ φ(a_c)     h' = (σ(a_o) ⊙ φ(c'))·P
///
/// σ is recurrent_activation, φ activation. A step whose mask is 0 changes neither state nor output.
///
/// With rank (F-LSTM) the weights of the gates are a product of two matrices: a = (x_t·W + h·U)·E + b. With groups
/// (G-LSTM) x_t, h and the n cells are cut into equal parts, and the gates of part j read part j of x_t and of h only;
/// the projection is common.
///
/// Shapes  x [B, T, D] -> y [B, r], or [B, T, r] with return_sequences
///         W "kernel" [D / groups, 4·n]   U "recurrent_kernel" [r / groups, 4·n]   b "bias" [4·n]
///         P "projection_kernel" [n, r]
///         with rank: W [D, rank]   U [r, rank]   E "expansion_kernel" [rank, 4·n]
/// State   h [B, r], c [B, n]
/// Throws  OptionError for 0 units, projection_units or groups, for rank together with groups, for groups that do not
///         divide units and projection_units, or for softmax; ShapeError if x is not (batch, time, features), or groups
///         do not divide the features
/// Source  Sak, Senior & Beaufays 2014; rank and groups: Kuchaiev & Ginsburg 2017
class ProjectedLSTM {
 public:
  ProjectedLSTM(std::size_t units, std::size_t projection_units, ProjectedLSTMOptions options = {})
      : units_(units), projection_units_(projection_units), options_(std::move(options)) {
    check();
  }

  std::size_t units() const { return units_; }
  std::size_t projection_units() const { return projection_units_; }
  const ProjectedLSTMOptions& options() const { return options_; }

  /// The same layer in the other direction of time.
  SEQNN_COLD ProjectedLSTM reversed() const {
    ProjectedLSTM other = *this;
    other.options_.go_backwards = !options_.go_backwards;
    return other;
  }

  SEQNN_COLD std::string to_string() const {
    const ProjectedLSTMOptions standard;
    const ProjectedLSTMOptions& o = options_;
    return Describe("ProjectedLSTM")
        .argument(units_)
        .argument(projection_units_)
        .option("rank", o.rank, standard.rank)
        .option("groups", o.groups, standard.groups)
        .option("activation", o.activation, standard.activation)
        .option("recurrent_activation", o.recurrent_activation, standard.recurrent_activation)
        .option("use_bias", o.use_bias, standard.use_bias)
        .option("kernel_initializer", o.kernel_initializer, standard.kernel_initializer)
        .option("recurrent_initializer", o.recurrent_initializer, standard.recurrent_initializer)
        .option("expansion_initializer", o.expansion_initializer, standard.expansion_initializer)
        .option("projection_initializer", o.projection_initializer, standard.projection_initializer)
        .option("bias_initializer", o.bias_initializer, standard.bias_initializer)
        .option("unit_forget_bias", o.unit_forget_bias, standard.unit_forget_bias)
        .option("kernel_regularizer", o.kernel_regularizer, standard.kernel_regularizer)
        .option("recurrent_regularizer", o.recurrent_regularizer, standard.recurrent_regularizer)
        .option("expansion_regularizer", o.expansion_regularizer, standard.expansion_regularizer)
        .option("projection_regularizer", o.projection_regularizer, standard.projection_regularizer)
        .option("bias_regularizer", o.bias_regularizer, standard.bias_regularizer)
        .option("kernel_constraint", o.kernel_constraint, standard.kernel_constraint)
        .option("recurrent_constraint", o.recurrent_constraint, standard.recurrent_constraint)
        .option("expansion_constraint", o.expansion_constraint, standard.expansion_constraint)
        .option("projection_constraint", o.projection_constraint, standard.projection_constraint)
        .option("bias_constraint", o.bias_constraint, standard.bias_constraint)
        .option("return_sequences", o.return_sequences, standard.return_sequences)
        .option("go_backwards", o.go_backwards, standard.go_backwards)
        .option("stateful", o.stateful, standard.stateful)
        .option("zero_output_for_mask", o.zero_output_for_mask, standard.zero_output_for_mask)
        .option("name", o.name, standard.name)
        .str();
  }

  bool operator==(const ProjectedLSTM&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  SEQNN_COLD void check() const {
    const std::string& name = options_.name;
    check_positive("ProjectedLSTM", name, "units", units_);
    check_positive("ProjectedLSTM", name, "projection_units", projection_units_);
    check_positive("ProjectedLSTM", name, "groups", options_.groups);
    const std::string title = option_title("ProjectedLSTM", name);
    for (const auto& [option, f] : {std::pair{"activation", options_.activation},
                                    std::pair{"recurrent_activation", options_.recurrent_activation}}) {
      check_cell_activation(title, option, f);
    }
    if (options_.groups == 1) return;
    if (options_.rank != 0) {
      throw OptionError(text(title, ": rank and groups must not be used together, got rank = ", options_.rank,
                             " and groups = ", options_.groups, "; leave one out"));
    }
    if (units_ % options_.groups != 0 || projection_units_ % options_.groups != 0) {
      throw OptionError(text(title, ": groups must divide units and projection_units, got groups = ", options_.groups,
                             ", units = ", units_, ", projection_units = ", projection_units_));
    }
  }

  std::size_t units_;
  std::size_t projection_units_;
  ProjectedLSTMOptions options_;
};

/// Computes ProjectedLSTM.
///
/// Inside, everything is time-major, [T][rows][…]. A group's cells are padded to whole registers and lie beside the
/// next group's, its four gates side by side, so that to the kernel of the cell a group is one row more. The products
/// with the input are made for many steps at once, and so are all gradients of parameters.
template <class Real>
class ProjectedLSTMLayer final : public Layer<Real> {
 public:
  SEQNN_COLD explicit ProjectedLSTMLayer(const ProjectedLSTM& lstm)
      : units_(lstm.units()), outputs_(lstm.projection_units()), options_(lstm.options()) {
    this->set_name(options_.name);
    // A gate's place in units of a group's cells, so that those of group j are found from column j·cells() on.
    for (std::size_t g = 0; g < kGates; ++g) order_[g] = g * options_.groups;
  }

  std::string type() const override { return "ProjectedLSTM"; }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    check_rank(this->title(), input, 2, "(batch, time, features)",
               "the layer before it must return sequences (return_sequences = true)");
    if (input[1] == kAnyLength || (inputs_ != 0 && input[1] != inputs_)) {
      throw ShapeError(text(this->title(), ": input must be (batch, time, ",
                            inputs_ == 0 ? std::string("features") : std::to_string(inputs_), "), got ",
                            with_batch(input), "; the last axis is the number of features and must be fixed"));
    }
    if (input[1] % options_.groups != 0) {
      throw ShapeError(text(this->title(), ": groups must divide the features, got groups = ", options_.groups,
                            " and input ", with_batch(input)));
    }
    if (options_.return_sequences) return {input[0], outputs_};
    return {outputs_};
  }

  SEQNN_COLD void build(const Shape& input, ParameterLayout& parameters) override {
    output_shape(input);
    inputs_ = input[1];
    const ProjectedLSTMOptions& o = options_;
    const std::size_t columns = factored() ? o.rank : kGates * units_;
    const auto declare = [&](const char* name, Shape shape, const Initializer& initializer, Regularizer regularizer,
                             const Constraint& constraint) {
      return parameters.declare(text(this->name(), '/', name), std::move(shape), initializer, true, regularizer,
                                constraint);
    };
    kernel_ = declare("kernel", {inputs_ / o.groups, columns}, o.kernel_initializer, o.kernel_regularizer,
                      o.kernel_constraint);
    recurrent_ = declare("recurrent_kernel", {outputs_ / o.groups, columns}, o.recurrent_initializer,
                         o.recurrent_regularizer, o.recurrent_constraint);
    if (factored()) {
      expansion_ = declare("expansion_kernel", {o.rank, kGates * units_}, o.expansion_initializer,
                           o.expansion_regularizer, o.expansion_constraint);
    }
    projection_ = declare("projection_kernel", {units_, outputs_}, o.projection_initializer, o.projection_regularizer,
                          o.projection_constraint);
    if (o.use_bias) {
      const Initializer initializer =
          o.unit_forget_bias ? o.bias_initializer.with_ones(units_, 2 * units_) : o.bias_initializer;
      bias_ = declare("bias", {kGates * units_}, initializer, o.bias_regularizer, o.bias_constraint);
    }
  }

  MaskUse mask_use() const override {
    if (!options_.return_sequences) return MaskUse::ends;
    return options_.go_backwards ? MaskUse::changes : MaskUse::keeps;
  }

  std::size_t state_size(const Shape&) const override { return outputs_ + units_; }
  bool stateful() const override { return options_.stateful; }
  bool steps_alone() const override { return !options_.go_backwards; }
  std::size_t preferred_tile(const Shape&) const override { return block_rows(); }

  void plan(Pass<Real>& pass) const override { Memory::take(*this, pass); }

  void prepare(Pass<Real>& pass) const override {
    const Memory m = Memory::take(*this, pass);
    pack(pass[kernel_], m.input, m.input_back, m.plain);
    pack(pass[recurrent_], m.recurrent, m.recurrent_back, m.plain);
    if (factored()) {
      const Real* E = padded(options_.rank, pass[expansion_], m.plain);
      m.expansion.pack(E);
      if (pass.training) m.expansion_back.pack(E);
    }
    const Real* P = padded_projection(pass[projection_], m.plain);
    m.projection.pack(P);
    if (pass.training) m.projection_back.pack(P);
    for (std::size_t j = 0; options_.use_bias && j < options_.groups; ++j) {
      pad_gates<Real>(1, cells(), width(), order_, pass[bias_] + j * cells(), 0, m.bias + j * gates_width(), 0);
    }
  }

  void forward(Pass<Real>& pass) const override {
    const Memory m = Memory::take(*this, pass);
    if (pass.output_mask != nullptr) time_mask(pass).write(pass.batch, pass.output_mask);
    for (std::size_t first = 0; first < pass.batch; first += m.block) {
      forward_block(pass, m, first, std::min(m.block, pass.batch - first));
    }
  }

  void backward(Pass<Real>& pass) const override {
    const Memory m = Memory::take(*this, pass);
    for (std::size_t first = 0; first < pass.batch; first += m.block) {
      backward_block(pass, m, first, std::min(m.block, pass.batch - first));
    }
  }

 private:
  static constexpr std::size_t kGates = 4;

  // Sizes

  bool factored() const { return options_.rank != 0; }
  std::size_t cells() const { return units_ / options_.groups; }       // of a group
  std::size_t width() const { return padded_units<Real>(cells()); }    // likewise, padded
  std::size_t gates_width() const { return kGates * width(); }         // gates of a group
  std::size_t all_width() const { return options_.groups * width(); }  // cells of all groups
  std::size_t all_gates() const { return options_.groups * gates_width(); }

  /// Columns of what the products with input and state add up to: the gates, or what E makes them of.
  std::size_t sum_width() const { return factored() ? options_.rank : all_gates(); }

  std::size_t weight_bytes() const {
    const std::size_t read = inputs_ + outputs_;
    const std::size_t gates = factored() ? (read + all_gates()) * options_.rank : read / options_.groups * all_gates();
    return (gates + all_width() * outputs_) * sizeof(Real);
  }

  /// Rows that pass through all steps together: few beside weights that stay in L1, many to share large ones.
  std::size_t block_rows() const { return weight_bytes() <= (64U << 10) ? 12 : 128; }

  /// Steps whose products with the input are made at once.
  std::size_t hoisted_steps(const Pass<Real>& pass, std::size_t rows) const {
    const std::size_t T = (*pass.input_shape)[0];
    if (pass.training) return T;
    return std::clamp<std::size_t>((std::size_t{512} << 10) / (rows * sum_width() * sizeof(Real)), 1, T);
  }

  // Memory

  /// A matrix for each group.
  template <class Matrix>
  struct Groups {
    Matrix first;
    std::size_t count = 0;
    std::size_t step = 0;  // from one's numbers to the next one's

    /// @param rows  of a matrix, and columns of its gates; see GateMatrix::take
    static Groups take(std::size_t count, std::size_t rows, std::size_t gates, std::size_t width, std::size_t most_rows,
                       Arena& arena) {
      Groups result{Matrix::take(rows, gates, width, false, most_rows, arena), count, 0};
      for (std::size_t j = 1; j < count; ++j) {
        const Matrix next = Matrix::take(rows, gates, width, false, most_rows, arena);
        if (j == 1 && next.data != nullptr) result.step = static_cast<std::size_t>(next.data - result.first.data);
      }
      return result;
    }

    Matrix operator[](std::size_t j) const {
      Matrix result = first;
      result.data += j * step;
      return result;
    }
  };

  /// Everything the layer takes from the arenas; what belongs to samples, for as many blocks as the tile has.
  struct Memory {
    std::size_t block = 0;  // rows that pass through all steps together
    // Prepared
    Groups<GateMatrix<Real>> input;
    Groups<GateMatrix<Real>> recurrent;
    GateMatrix<Real> expansion;
    GateMatrix<Real> projection;
    Groups<GateMatrixBack<Real>> input_back;
    Groups<GateMatrixBack<Real>> recurrent_back;
    GateMatrixBack<Real> expansion_back;
    GateMatrixBack<Real> projection_back;
    Real* bias = nullptr;
    // Kept when training, else scratch: see Steps
    Real* x = nullptr;
    Real* h = nullptr;
    Real* c = nullptr;
    Real* low = nullptr;
    Real* gates = nullptr;
    Real* squashed = nullptr;
    Real* shown = nullptr;
    std::size_t* first_seen = nullptr;  // a row: its first step that is not masked
    // Scratch
    Real* plain = nullptr;   // weights side by side, before they are packed
    Real* dh = nullptr;      // [T + 1][rows][outputs]
    Real* dc = nullptr;      // [rows][all_width]
    Real* dshown = nullptr;  // [rows][all_width]
    Real* dlow = nullptr;    // [T][rows][rank]
    Real* dx = nullptr;      // [T][rows][inputs]

    static Memory take(const ProjectedLSTMLayer& layer, Pass<Real>& pass) {
      const std::size_t T = (*pass.input_shape)[0];
      const std::size_t groups = layer.options_.groups;
      const std::size_t rank = layer.options_.rank;
      const std::size_t D = layer.inputs_;
      const std::size_t R = layer.outputs_;
      const std::size_t W = layer.all_width();
      // The columns of W and U: gates of a group, or one block of `rank`.
      const std::size_t gates = layer.factored() ? 1 : kGates;
      const std::size_t width = layer.factored() ? rank : layer.width();
      Memory m;
      m.block = std::min(layer.block_rows(), pass.tile);
      const std::size_t steps = layer.hoisted_steps(pass, m.block);

      Arena& prepared = pass.prepared;
      m.input = Groups<GateMatrix<Real>>::take(groups, D / groups, gates, width, steps * m.block, prepared);
      m.recurrent = Groups<GateMatrix<Real>>::take(groups, R / groups, gates, width, m.block, prepared);
      if (layer.factored()) {
        m.expansion = GateMatrix<Real>::take(rank, kGates, layer.width(), false, m.block, prepared);
      }
      m.projection = GateMatrix<Real>::take(W, 1, R, false, m.block, prepared);
      if (pass.training) {
        if (pass.input_gradient) {
          m.input_back = Groups<GateMatrixBack<Real>>::take(groups, D / groups, gates, width, T * m.block, prepared);
        }
        m.recurrent_back = Groups<GateMatrixBack<Real>>::take(groups, R / groups, gates, width, m.block, prepared);
        if (layer.factored()) {
          m.expansion_back = GateMatrixBack<Real>::take(rank, kGates, layer.width(), false, m.block, prepared);
        }
        m.projection_back = GateMatrixBack<Real>::take(W, 1, R, false, m.block, prepared);
      }
      if (layer.options_.use_bias) m.bias = prepared.template take<Real>(layer.all_gates());

      Arena& samples = pass.training ? pass.kept : pass.scratch;
      const std::size_t states = pass.training ? T + 1 : 2;
      const std::size_t rows = pass.training ? pass.batch : m.block;
      m.x = samples.template take<Real>(steps * rows * D);
      m.h = samples.template take<Real>(states * rows * R);
      m.c = samples.template take<Real>(states * rows * W);
      if (layer.factored()) m.low = samples.template take<Real>(steps * rows * rank);
      m.gates = samples.template take<Real>(layer.gate_steps(pass, m.block) * rows * layer.all_gates());
      if (pass.training) m.squashed = samples.template take<Real>(T * rows * W);
      m.shown = samples.template take<Real>((pass.training ? T : 1) * rows * W);
      m.first_seen = samples.template take<std::size_t>(rows);

      Arena& scratch = pass.scratch;
      const std::size_t most_rows = std::max({D / groups, R / groups, rank});
      m.plain = scratch.template take<Real>(std::max(most_rows * layer.gates_width(), W * R));
      if (pass.training) {
        m.dh = scratch.template take<Real>((T + 1) * m.block * R);
        m.dc = scratch.template take<Real>(m.block * W);
        m.dshown = scratch.template take<Real>(m.block * W);
        if (layer.factored()) m.dlow = scratch.template take<Real>(T * m.block * rank);
        if (pass.input_gradient) m.dx = scratch.template take<Real>(T * m.block * D);
      }
      return m;
    }
  };

  /// Steps whose gates have places of their own.
  std::size_t gate_steps(const Pass<Real>& pass, std::size_t rows) const {
    return factored() && !pass.training ? 1 : hoisted_steps(pass, rows);
  }

  /// One block of samples: where its steps lie, [step][rows][…]. In prediction steps take turns in few places.
  struct Steps {
    /// Consecutive steps of the block, at distance `step`, in `count` places.
    struct Track {
      Real* data = nullptr;
      std::size_t count = 1;
      std::size_t step = 0;
      Real* operator()(std::size_t s) const { return data == nullptr ? nullptr : data + s % count * step; }
    };

    std::size_t first = 0;  // of the tile's samples
    std::size_t rows = 0;
    Track x;         // [inputs]
    Track h;         // [outputs] before step s
    Track c;         // [all_width] before step s
    Track low;       // [rank] x·W + h·U, with rank
    Track gates;     // [groups][4][width]
    Track squashed;  // [all_width] φ(c')
    Track shown;     // [all_width] o ⊙ φ(c'), which is projected
    const std::size_t* first_seen = nullptr;
  };

  Steps steps_of(const Memory& m, const Pass<Real>& pass, std::size_t first, std::size_t rows) const {
    const std::size_t T = (*pass.input_shape)[0];
    const std::size_t before = pass.training ? first : 0;  // rows of other blocks, kept too when training
    const std::size_t states = pass.training ? T + 1 : 2;
    const std::size_t together = hoisted_steps(pass, m.block);
    const auto track = [&](Real* data, std::size_t count, std::size_t columns) {
      return typename Steps::Track{data == nullptr ? nullptr : data + before * count * columns, count, rows * columns};
    };
    return {.first = first,
            .rows = rows,
            .x = track(m.x, together, inputs_),
            .h = track(m.h, states, outputs_),
            .c = track(m.c, states, all_width()),
            .low = track(m.low, together, options_.rank),
            .gates = track(m.gates, gate_steps(pass, m.block), all_gates()),
            .squashed = track(m.squashed, T, all_width()),
            .shown = track(m.shown, pass.training ? T : 1, all_width()),
            .first_seen = m.first_seen + before};
  }

  // Weights

  /// Gates of a group side by side, padded to whole registers, from its first column of [K, 4·units]; where they lie
  /// like that already, they stay.
  const Real* padded(std::size_t K, const Real* from, Real* to) const {
    if (options_.groups == 1 && width() == units_) return from;
    pad_gates(K, cells(), width(), order_, from, kGates * units_, to, gates_width());
    return to;
  }

  /// P with rows of zeros where cells are padded.
  const Real* padded_projection(const Real* from, Real* to) const {
    if (width() == cells()) return from;
    for (std::size_t j = 0; j < options_.groups; ++j) {
      Real* end = std::copy_n(from + j * cells() * outputs_, cells() * outputs_, to + j * width() * outputs_);
      std::fill(end, to + (j + 1) * width() * outputs_, Real{0});
    }
    return to;
  }

  /// W or U, for the products forward and, if they have memory, back.
  void pack(const Real* weights, const Groups<GateMatrix<Real>>& forward, const Groups<GateMatrixBack<Real>>& back,
            Real* plain) const {
    for (std::size_t j = 0; j < options_.groups; ++j) {
      const Real* from = factored() ? weights : padded(forward.first.K, weights + j * cells(), plain);
      forward[j].pack(from);
      if (back.first.data != nullptr) back[j].pack(from);
    }
  }

  // Products of input or state, [rows, groups·K], and what they add up to, [rows, sum_width]

  void product(const Groups<GateMatrix<Real>>& weights, std::size_t rows, const Real* a, Real* sum, const Real* bias,
               bool accumulate) const {
    const std::size_t K = weights.first.K;
    for (std::size_t j = 0; j < weights.count; ++j) {
      weights[j].multiply(rows, a + j * K, weights.count * K, 0, sum + j * gates_width(), sum_width(),
                          bias == nullptr ? nullptr : bias + j * gates_width(), accumulate);
    }
  }

  void product_back(const Groups<GateMatrixBack<Real>>& weights, std::size_t rows, const Real* dsum, Real* da,
                    bool accumulate) const {
    const std::size_t N = weights.first.N;
    for (std::size_t j = 0; j < weights.count; ++j) {
      weights[j].multiply(rows, dsum + j * gates_width(), sum_width(), da + j * N, weights.count * N, nullptr, 0,
                          nullptr, accumulate);
    }
  }

  /// Adds to the gradient of W or U.  @param columns  of a
  void product_gradient(std::size_t rows, const Real* a, std::size_t columns, const Real* dsum, Real* gradient) const {
    if (factored()) {
      return gemm_at<Real>(columns, options_.rank, rows, a, columns, {dsum, options_.rank}, gradient, options_.rank,
                           {.accumulate = true});
    }
    const std::size_t K = columns / options_.groups;
    for (std::size_t j = 0; j < options_.groups; ++j) {
      gate_matrix_gradient(rows, K, cells(), width(), order_, a + j * K, columns, 0, dsum + j * gates_width(),
                           all_gates(), gradient + j * cells(), kGates * units_, false);
    }
  }

  // Forward

  void forward_block(Pass<Real>& pass, const Memory& m, std::size_t first, std::size_t rows) const {
    const std::size_t T = (*pass.input_shape)[0];
    const std::size_t R = outputs_;
    const TimeMask mask = time_mask(pass);
    const Steps k = steps_of(m, pass, first, rows);
    find_first_seen(mask, pass, m, k);
    load_state(pass, k);
    const std::size_t together = hoisted_steps(pass, m.block);
    for (std::size_t s = 0; s < T; ++s) {
      if (s % together == 0) input_product(pass, m, k, s, std::min(together, T - s));
      forward_step(m, k, s);
      if (mask.given()) carry_masked(mask, k, s);
      if (!options_.return_sequences && s + 1 < T) continue;
      for (std::size_t r = 0; r < rows; ++r) {
        Real* y = pass.y + output_row(first + r, s, T) * R;
        if (shows_state(mask, k, r, s)) {
          std::copy_n(k.h(s + 1) + r * R, R, y);
        } else {
          std::fill_n(y, R, Real{0});
        }
      }
    }
    store_state(pass, k, T);
  }

  /// Copies the input of steps [s, s + count) and multiplies it with W.
  void input_product(const Pass<Real>& pass, const Memory& m, const Steps& k, std::size_t s, std::size_t count) const {
    const std::size_t T = (*pass.input_shape)[0];
    const std::size_t D = inputs_;
    const TimeMask order = time_mask(pass);
    for (std::size_t i = s; i < s + count; ++i) {
      for (std::size_t r = 0; r < k.rows; ++r) {
        std::copy_n(pass.x + ((k.first + r) * T + order.time(i)) * D, D, k.x(i) + r * D);
      }
    }
    product(m.input, count * k.rows, k.x(s), factored() ? k.low(s) : k.gates(s), factored() ? nullptr : m.bias, false);
  }

  void forward_step(const Memory& m, const Steps& k, std::size_t s) const {
    product(m.recurrent, k.rows, k.h(s), factored() ? k.low(s) : k.gates(s), nullptr, true);
    if (factored()) {
      m.expansion.multiply(k.rows, k.low(s), options_.rank, 0, k.gates(s), all_gates(), m.bias, false);
    }
    lstm_cell(options_.recurrent_activation.function(), options_.activation.function(), k.rows * options_.groups,
              width(), k.gates(s), k.c(s), k.c(s + 1), k.squashed(s), k.shown(s), width());
    m.projection.multiply(k.rows, k.shown(s), all_width(), 0, k.h(s + 1), outputs_, nullptr, false);
  }

  // States. Outside, the cells of all groups lie side by side.

  void load_state(const Pass<Real>& pass, const Steps& k) const {
    for (std::size_t r = 0; r < k.rows; ++r) {
      load(pass.state, k.first + r, k.h(0) + r * outputs_, k.c(0) + r * all_width());
    }
  }

  void store_state(const Pass<Real>& pass, const Steps& k, std::size_t T) const {
    for (std::size_t r = 0; pass.state != nullptr && r < k.rows; ++r) {
      store(k.h(T) + r * outputs_, k.c(T) + r * all_width(), pass.state, k.first + r);
    }
  }

  void load(const Real* states, std::size_t sample, Real* h, Real* c) const {
    std::fill_n(c, all_width(), Real{0});
    if (states == nullptr) {
      std::fill_n(h, outputs_, Real{0});
      return;
    }
    const Real* state = states + sample * (outputs_ + units_);
    std::copy_n(state, outputs_, h);
    for (std::size_t j = 0; j < options_.groups; ++j) {
      std::copy_n(state + outputs_ + j * cells(), cells(), c + j * width());
    }
  }

  void store(const Real* h, const Real* c, Real* states, std::size_t sample) const {
    Real* state = std::copy_n(h, outputs_, states + sample * (outputs_ + units_));
    for (std::size_t j = 0; j < options_.groups; ++j) state = std::copy_n(c + j * width(), cells(), state);
  }

  // Masks. A masked step changes nothing: state and output stay, and gradients pass it by.

  TimeMask time_mask(const Pass<Real>& pass) const {
    return {pass.mask, (*pass.input_shape)[0], options_.go_backwards};
  }

  void find_first_seen(const TimeMask& mask, const Pass<Real>& pass, const Memory& m, const Steps& k) const {
    for (std::size_t r = 0; mask.given() && r < k.rows; ++r) {
      m.first_seen[(pass.training ? k.first : 0) + r] = mask.first_seen(k.first + r);
    }
  }

  /// Whether the output at step s, or the only one, is the state after it, and not zero.
  bool shows_state(const TimeMask& mask, const Steps& k, std::size_t r, std::size_t s) const {
    if (!mask.given()) return true;
    return mask.shows_state(k.first + r, s, k.first_seen[r],
                            options_.return_sequences && options_.zero_output_for_mask);
  }

  std::size_t output_row(std::size_t sample, std::size_t s, std::size_t T) const {
    return options_.return_sequences ? sample * T + s : sample;
  }

  void carry_masked(const TimeMask& mask, const Steps& k, std::size_t s) const {
    for (std::size_t r = 0; r < k.rows; ++r) {
      if (!mask.masked(k.first + r, s)) continue;
      std::copy_n(k.h(s) + r * outputs_, outputs_, k.h(s + 1) + r * outputs_);
      std::copy_n(k.c(s) + r * all_width(), all_width(), k.c(s + 1) + r * all_width());
    }
  }

  // Backward

  void backward_block(Pass<Real>& pass, const Memory& m, std::size_t first, std::size_t rows) const {
    const std::size_t T = (*pass.input_shape)[0];
    const std::size_t R = outputs_;
    const TimeMask mask = time_mask(pass);
    const Steps k = steps_of(m, pass, first, rows);
    const auto dh = [&](std::size_t s, std::size_t r) { return m.dh + (s * rows + r) * R; };  // by h before step s
    const auto dc = [&](std::size_t r) { return m.dc + r * all_width(); };
    for (std::size_t r = 0; r < rows; ++r) load(pass.state_gradient, first + r, dh(T, r), dc(r));
    for (std::size_t s = T; s-- > 0;) {
      for (std::size_t r = 0; r < rows && (options_.return_sequences || s + 1 == T); ++r) {
        if (shows_state(mask, k, r, s)) add(R, pass.dy + output_row(first + r, s, T) * R, dh(s + 1, r));
      }
      for (std::size_t r = 0; r < rows && mask.given(); ++r) {
        if (mask.masked(first + r, s)) {
          std::copy_n(dh(s + 1, r), R, dh(s, r));
          std::fill_n(dh(s + 1, r), R, Real{0});
          std::fill_n(k.gates(s) + r * all_gates(), all_gates(), Real{0});
        } else {
          std::fill_n(dh(s, r), R, Real{0});
        }
      }
      m.projection_back.multiply(rows, dh(s + 1, 0), R, m.dshown, all_width(), nullptr, 0, nullptr, false);
      cell_back(mask, m, k, s);
      if (factored()) {
        m.expansion_back.multiply(rows, k.gates(s), all_gates(), m.dlow + s * rows * options_.rank, options_.rank,
                                  nullptr, 0, nullptr, false);
      }
      product_back(m.recurrent_back, rows, sum_gradient(m, k, s), dh(s, 0), mask.given());
    }
    gather(pass, m, k);
    for (std::size_t r = 0; r < rows && pass.state_gradient != nullptr; ++r) {
      store(dh(0, r), dc(r), pass.state_gradient, first + r);
    }
  }

  /// Gates of step s become the gradients by them, runs of rows that are not masked at a time.
  void cell_back(const TimeMask& mask, const Memory& m, const Steps& k, std::size_t s) const {
    const std::size_t W = all_width();
    for (std::size_t r = 0, end = 0; r < k.rows; r = end + 1) {
      for (end = r; end < k.rows && !mask.masked(k.first + end, s);) ++end;
      lstm_cell_backward(options_.recurrent_activation.function(), options_.activation.function(),
                         (end - r) * options_.groups, width(), k.gates(s) + r * all_gates(), k.c(s) + r * W,
                         k.squashed(s) + r * W, m.dshown + r * W, m.dc + r * W);
    }
  }

  /// What the products with W and U got at step s, as a gradient.
  const Real* sum_gradient(const Memory& m, const Steps& k, std::size_t s) const {
    return factored() ? m.dlow + s * k.rows * options_.rank : k.gates(s);
  }

  /// Brings the gradients of all steps to the parameters and to dx.
  void gather(Pass<Real>& pass, const Memory& m, const Steps& k) const {
    const std::size_t T = (*pass.input_shape)[0];
    const std::size_t D = inputs_;
    const std::size_t R = outputs_;
    const std::size_t n = T * k.rows;
    const Real* dsum = sum_gradient(m, k, 0);
    product_gradient(n, k.x(0), D, dsum, pass.gradient(kernel_));
    product_gradient(n, k.h(0), R, dsum, pass.gradient(recurrent_));
    if (factored()) {
      gate_matrix_gradient(n, options_.rank, units_, width(), order_, k.low(0), options_.rank, 0, k.gates(0),
                           all_gates(), pass.gradient(expansion_), kGates * units_, false);
    }
    const Real* dh = m.dh + k.rows * R;
    const std::size_t parts = width() == cells() ? 1 : options_.groups;  // of P between which there is padding
    const std::size_t part = units_ / parts;
    for (std::size_t j = 0; j < parts; ++j) {
      gemm_at<Real>(part, R, n, k.shown(0) + j * width(), all_width(), {dh, R},
                    pass.gradient(projection_) + j * part * R, R, {.accumulate = true});
    }
    for (std::size_t j = 0; options_.use_bias && j < options_.groups; ++j) {
      for (std::size_t g = 0; g < kGates; ++g) {
        column_sums_add(n, cells(), k.gates(0) + j * gates_width() + g * width(), all_gates(),
                        pass.gradient(bias_) + g * units_ + j * cells());
      }
    }
    if (pass.dx == nullptr) return;
    const TimeMask order = time_mask(pass);
    product_back(m.input_back, n, dsum, m.dx, false);
    for (std::size_t s = 0; s < T; ++s) {
      for (std::size_t r = 0; r < k.rows; ++r) {
        std::copy_n(m.dx + (s * k.rows + r) * D, D, pass.dx + ((k.first + r) * T + order.time(s)) * D);
      }
    }
  }

  std::size_t units_;
  std::size_t outputs_;
  ProjectedLSTMOptions options_;
  std::array<std::size_t, kGates> order_ = {};
  std::size_t inputs_ = 0;
  Parameter kernel_;
  Parameter recurrent_;
  Parameter expansion_;
  Parameter projection_;
  Parameter bias_;
};

template <class Real>
std::unique_ptr<Layer<Real>> ProjectedLSTM::make(For<Layer<Real>>) const {
  return std::make_unique<ProjectedLSTMLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
