#pragma once

#include "seqnn/core/activation.hpp"
#include "seqnn/core/initializer.hpp"
#include "seqnn/core/regularizer.hpp"
#include "seqnn/kernels/column_sums.hpp"
#include "seqnn/kernels/gate_matrix.hpp"
#include "seqnn/kernels/recurrent_step.hpp"
#include "seqnn/kernels/updates.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"
#include "seqnn/layers/recurrent_config.hpp"
#include "seqnn/layers/time_mask.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// What distinguishes cells for the code around them. Gates lie side by side in slots, each as wide as the units.
struct CellForm {
  std::size_t slots;                         ///< what is kept of a step
  std::span<const std::size_t> input_gates;  ///< place in the kernel of the gates that the input drives: slots 0 …
  std::span<const std::size_t> recurrent_gates;  ///< place in the recurrent kernel of those that the state drives
  std::size_t recurrent_slot;                    ///< slot of the first of these gates' gradients
  std::size_t states;                            ///< 1: h; 2: h and c
  bool adds;                                     ///< both shares only meet in sums, so that one product can make both
};

/// Everything around the cell of a recurrent layer: memory, order of time, masks, dropout, states, and the products
/// with the input. A cell derives from it and says what happens at a step.
///
/// Inside, everything is time-major, [T][rows][…], so that a step reads and writes one block; units are padded to whole
/// registers. Samples pass in blocks of rows through all steps, so many that the weights are worth reading, so few that
/// small networks stay in the cache.
template <class Real>
class RecurrentLayer : public Layer<Real> {
 public:
  InputKind input_kind() const override { return InputKind::values; }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    check_rank(this->title(), input, 2, "(batch, time, features)",
               "the layer before it must return sequences (return_sequences = true)");
    if (input[1] == kAnyLength || (inputs_ != 0 && input[1] != inputs_)) {
      throw ShapeError(text(this->title(), ": input must be (batch, time, ",
                            inputs_ == 0 ? std::string("features") : std::to_string(inputs_), "), got ",
                            with_batch(input), "; the last axis is the number of features and must be fixed"));
    }
    if (config_.return_sequences) return {input[0], config_.units};
    return {config_.units};
  }

  SEQNN_COLD void build(const Shape& input, ParameterLayout& parameters) override {
    output_shape(input);
    inputs_ = input[1];
    const std::size_t columns = kernel_gates() * config_.units;
    kernel_ = parameters.declare(this->name() + "/kernel", {inputs_, columns}, config_.kernel_initializer, true,
                                 config_.kernel_regularizer, config_.kernel_constraint);
    recurrent_ =
        parameters.declare(this->name() + "/recurrent_kernel", {config_.units, columns}, config_.recurrent_initializer,
                           true, config_.recurrent_regularizer, config_.recurrent_constraint);
    if (config_.use_bias) {
      Shape shape = {columns};
      if (!form_.adds && reset_after()) shape = {2, columns};
      bias_ = parameters.declare(this->name() + "/bias", std::move(shape), config_.bias_initializer, true,
                                 config_.bias_regularizer, config_.bias_constraint);
    }
  }

  MaskUse mask_use() const override {
    if (!config_.return_sequences) return MaskUse::ends;
    return config_.go_backwards ? MaskUse::changes : MaskUse::keeps;
  }

  std::size_t state_size(const Shape&) const override { return form_.states * config_.units; }
  bool stateful() const override { return config_.stateful; }
  bool returns_state() const override { return config_.return_state; }
  bool steps_alone() const override { return !config_.go_backwards; }

  std::size_t preferred_tile(const Shape&) const override { return block_rows(); }

  /// The path taken, and why, for `summary`.
  SEQNN_COLD std::string remark() const override {
    const RecurrentPath path = this->path(false);
    const std::string why = path == config_.path             ? "as asked"
                            : !form_.adds                    ? "since the reset gate parts input and state"
                            : path == RecurrentPath::stacked ? "since the weights stay in the cache"
                                                             : "since the weights exceed the cache";
    return text(to_string(path).substr(sizeof("RecurrentPath::") - 1), " products, ", why);
  }

  void plan(Pass<Real>& pass) const override { Memory::take(*this, pass); }

  void prepare(Pass<Real>& pass) const override {
    const Memory m = Memory::take(*this, pass);
    const std::size_t H = config_.units;
    const std::size_t G = kernel_gates();
    const std::size_t P = width();
    const Real* W = pass[kernel_];
    const Real* U = pass[recurrent_];
    if (m.stack.data != nullptr) {
      pad_recurrent(m, U, form_.recurrent_gates);
      Real* below = m.plain + P * form_.slots * P;
      pad_gates(inputs_, H, P, form_.input_gates, W, G * H, below, form_.slots * P);
      m.stack.pack(m.plain);
      if (pass.training) m.recurrent_back.pack(m.plain);
      if (m.input_back.data != nullptr) m.input_back.pack(below);
    } else {
      pad_gates(inputs_, H, P, form_.input_gates, W, G * H, m.plain, form_.input_gates.size() * P);
      m.input.pack(m.plain);
      if (m.input_back.data != nullptr) m.input_back.pack(m.plain);
      pad_recurrent(m, U, state_gates());
      m.recurrent.pack(m.plain);
      if (pass.training) m.recurrent_back.pack(m.plain);
      if (candidate_apart()) {
        pad_recurrent(m, U, form_.recurrent_gates.last(1));
        m.candidate.pack(m.plain);
        if (pass.training) m.candidate_back.pack(m.plain);
      }
    }
    if (config_.use_bias) {
      pad_gates<Real>(1, H, P, form_.input_gates, pass[bias_], 0, m.bias, 0);
      if (m.recurrent_bias != nullptr) {
        pad_gates<Real>(1, H, P, form_.recurrent_gates, pass[bias_] + G * H, 0, m.recurrent_bias, 0);
      }
    }
    if (m.step != nullptr && pass.tile == 1) {
      const bool stacked = m.stack.data != nullptr;
      *m.step = {.inputs = inputs_,
                 .units = H,
                 .width = P,
                 .input_weights = stacked ? m.stack.data + P * form_.slots * P : m.input.data,
                 .recurrent_weights = stacked ? m.stack.data : m.recurrent.data,
                 .bias = m.bias,
                 .recurrent_bias = m.recurrent_bias};
    }
  }

  void forward(Pass<Real>& pass) const override {
    const Memory m = Memory::take(*this, pass);
    if (pass.output_mask != nullptr) time_mask(pass).write(pass.batch, pass.output_mask);
    for (std::size_t first = 0; first < pass.batch; first += m.block) {
      forward_block(pass, m, first, std::min(m.block, pass.batch - first));
    }
  }

  void step(Pass<Real>& pass) const override {
    const std::size_t H = config_.units;
    if (!knows_step()) return forward(pass);
    RecurrentStep<Real>& step = *pass.prepared.template take<RecurrentStep<Real>>(1);
    step.x = pass.x;
    step.h = pass.state;
    step.c = pass.state + H;
    step.y = pass.y;
    step_cell(step);
  }

  void backward(Pass<Real>& pass) const override {
    const Memory m = Memory::take(*this, pass);
    for (std::size_t first = 0; first < pass.batch; first += m.block) {
      backward_block(pass, m, first, std::min(m.block, pass.batch - first));
    }
  }

 protected:
  RecurrentLayer(RecurrentConfig config, const CellForm& form) : config_(std::move(config)), form_(form) {
    this->set_name(config_.name);
  }

  /// Everything the layer takes from the arenas; what belongs to samples, for as many blocks as the tile has.
  struct Memory {
    std::size_t block = 0;  // rows that pass through all steps together
    // Prepared
    RecurrentStep<Real>* step = nullptr;  // all of a stream's step but where its data lie
    GateMatrix<Real> stack;               // [h x] at once; or
    GateMatrix<Real> input;
    GateMatrix<Real> recurrent;
    GateMatrix<Real> candidate;  // GRU with reset before the product: its last gate, apart from the others
    GateMatrixBack<Real> input_back;
    GateMatrixBack<Real> recurrent_back;
    GateMatrixBack<Real> candidate_back;
    Real* bias = nullptr;
    Real* recurrent_bias = nullptr;
    // Kept when training, else scratch: see Steps
    Real* x = nullptr;
    Real* h = nullptr;
    Real* h_dropped = nullptr;
    Real* gates = nullptr;
    Real* c = nullptr;
    Real* squashed = nullptr;
    Real* input_factors = nullptr;      // [gates][D] a row: dropout masks, 0 or 1 / (1 - rate)
    Real* recurrent_factors = nullptr;  // [gates][width] a row
    std::size_t* first_seen = nullptr;  // a row: its first step that is not masked
    // Scratch
    Real* plain = nullptr;   // weights side by side, before they are packed
    Real* from_h = nullptr;  // [rows][recurrent gates]: the state's share where it does not add
    Real* dh = nullptr;      // [rows][width]
    Real* dc = nullptr;
    Real* temporary = nullptr;  // [rows][max(width, D)]
    Real* saved = nullptr;      // dh and dc of masked rows
    Real* dx = nullptr;         // [T][rows][D]

    /// The part that lives as long as the weights.
    static void take_prepared(const RecurrentLayer& layer, Pass<Real>& pass, RecurrentPath path, Memory& m) {
      const RecurrentConfig& config = layer.config_;
      const CellForm& form = layer.form_;
      const std::size_t D = layer.inputs_;
      const std::size_t P = layer.width();
      const std::size_t in = form.input_gates.size();
      const bool drops_x = layer.drops_input(pass.training);
      const bool drops_h = layer.drops_state(pass.training);
      const bool unfused = path == RecurrentPath::unfused;
      m.block = std::min(layer.block_rows(), pass.tile);
      Arena& prepared = pass.prepared;
      if (!pass.training) m.step = prepared.template take<RecurrentStep<Real>>(1);
      if (path == RecurrentPath::stacked) {
        m.stack = GateMatrix<Real>::take(P + D, in, P, false, layer.finishes_in_registers() ? 1 : m.block, prepared);
      } else {
        const std::size_t rows = layer.hoisted_steps(pass, m.block) * m.block;
        m.input = GateMatrix<Real>::take(D, in, P, drops_x || unfused, rows, prepared);
        m.recurrent = GateMatrix<Real>::take(P, layer.state_gates().size(), P, drops_h || unfused, m.block, prepared);
        if (layer.candidate_apart()) m.candidate = GateMatrix<Real>::take(P, 1, P, false, m.block, prepared);
      }
      if (pass.training) {
        m.recurrent_back =
            GateMatrixBack<Real>::take(P, layer.state_gates().size(), P, drops_h || unfused, m.block, prepared);
        if (layer.candidate_apart()) m.candidate_back = GateMatrixBack<Real>::take(P, 1, P, false, m.block, prepared);
        if (pass.input_gradient) {
          const std::size_t rows = drops_x || layer.step_by_step(path) ? m.block : (*pass.input_shape)[0] * m.block;
          m.input_back = GateMatrixBack<Real>::take(D, in, P, drops_x || unfused, rows, prepared);
        }
      }
      if (config.use_bias) {
        m.bias = prepared.template take<Real>(in * P);
        if (layer.bias_rows() == 2) m.recurrent_bias = prepared.template take<Real>(form.recurrent_gates.size() * P);
      }
    }

    static Memory take(const RecurrentLayer& layer, Pass<Real>& pass) {
      const CellForm& form = layer.form_;
      const RecurrentPath path = layer.path(pass.training);
      const std::size_t T = (*pass.input_shape)[0];
      const std::size_t D = layer.inputs_;
      const std::size_t P = layer.width();
      const std::size_t in = form.input_gates.size();
      const std::size_t rec = form.recurrent_gates.size();
      const bool drops_x = layer.drops_input(pass.training);
      const bool drops_h = layer.drops_state(pass.training);
      Memory m;
      take_prepared(layer, pass, path, m);

      Arena& samples = pass.training ? pass.kept : pass.scratch;
      const std::size_t steps = pass.training ? T : layer.hoisted_steps(pass, m.block);
      const std::size_t states = pass.training ? T + 1 : 2;
      const std::size_t rows = pass.training ? pass.batch : m.block;
      if (path == RecurrentPath::stacked) {
        m.h = samples.template take<Real>(states * rows * layer.stacked_row());
      } else {
        m.x = samples.template take<Real>(steps * rows * (drops_x ? in : 1) * D);
        m.h = samples.template take<Real>(states * rows * P);
        if (drops_h) m.h_dropped = samples.template take<Real>(states * rows * rec * P);
      }
      m.gates = samples.template take<Real>(steps * rows * form.slots * P);
      if (form.states == 2) m.c = samples.template take<Real>(states * rows * P);
      if (form.states == 2 && pass.training) m.squashed = samples.template take<Real>(steps * rows * P);
      if (drops_x) m.input_factors = samples.template take<Real>(rows * in * D);
      if (drops_h) m.recurrent_factors = samples.template take<Real>(rows * rec * P);
      m.first_seen = samples.template take<std::size_t>(rows);

      Arena& scratch = pass.scratch;
      m.plain = scratch.template take<Real>((P + D) * std::max(in, rec) * P);
      if (!form.adds) m.from_h = scratch.template take<Real>(m.block * rec * P);
      if (pass.training) {
        m.dh = scratch.template take<Real>(m.block * P);
        m.dc = scratch.template take<Real>(m.block * P);
        m.temporary = scratch.template take<Real>(m.block * std::max(P, D));
        m.saved = scratch.template take<Real>(2 * m.block * P);
        if (pass.input_gradient && !layer.step_by_step(path) && !drops_x) {
          m.dx = scratch.template take<Real>(T * m.block * D);
        }
      }
      return m;
    }
  };

  /// One block of samples: where its steps lie, [step][rows][…]. In prediction states take turns in two places, and
  /// steps in as many as are hoisted.
  struct Steps {
    std::size_t rows = 0;
    std::size_t width = 0;
    std::size_t state_count = 0;
    std::size_t step_count = 0;
    std::size_t x_count = 0;
    Real* x_at = nullptr;
    std::size_t ldx = 0;
    Real* h_at = nullptr;
    std::size_t ldh = 0;
    Real* read_at = nullptr;  // what the recurrent product reads: h, or its copies under dropout
    std::size_t ld_read = 0;
    std::size_t read_step = 0;  // from one gate's copy to the next
    Real* gates_at = nullptr;
    std::size_t ld_gates = 0;
    Real* c_at = nullptr;
    Real* squashed_at = nullptr;
    const Real* input_factors = nullptr;  // dropout masks of these rows; null without
    Real* recurrent_factors = nullptr;
    const std::size_t* first_seen = nullptr;

    /// The input of step s, and the states before it.
    Real* x(std::size_t s) const { return x_at + s % x_count * rows * ldx; }
    Real* h(std::size_t s) const { return h_at + s % state_count * rows * ldh; }
    Real* read(std::size_t s) const { return read_at + s % state_count * rows * ld_read; }
    Real* c(std::size_t s) const { return c_at + s % state_count * rows * width; }
    Real* gates(std::size_t s) const { return gates_at + s % step_count * rows * ld_gates; }
    Real* squashed(std::size_t s) const {
      return squashed_at == nullptr ? nullptr : squashed_at + s % step_count * rows * width;
    }
  };

  /// Gates in the parameters.
  virtual std::size_t kernel_gates() const { return form_.input_gates.size(); }
  /// GRU only: whether the recurrent product comes before the reset gate, and then has a bias of its own.
  virtual bool reset_after() const { return true; }
  /// From the input's share in gates(s), and the state in h(s), c(s), computes h(s + 1), c(s + 1) and, when training,
  /// what `backward_step` reads.
  virtual void forward_step(const Memory& m, const Steps& k, std::size_t s, bool training) const = 0;
  /// Whether the cell has a shorter way for one time step of one sequence, and that.
  virtual bool knows_step() const { return false; }
  virtual void step_cell(const RecurrentStep<Real>& step) const { (void)step; }
  /// Replaces gates(s) by the gradients by them, and dh, dc by the gradients by h(s), c(s).
  virtual void backward_step(const Memory& m, const Steps& k, std::size_t s) const = 0;

  /// Whether the last recurrent gate reads another matrix than the state: what the reset gate leaves of it.
  bool candidate_apart() const { return !form_.adds && !reset_after(); }

  /// The recurrent gates that read the state.
  std::span<const std::size_t> state_gates() const {
    return form_.recurrent_gates.first(form_.recurrent_gates.size() - (candidate_apart() ? 1 : 0));
  }

  /// Adds the state's share to the slots, or, where they are stacked, makes both shares.
  void recurrent_product(const Memory& m, const Steps& k, std::size_t s) const {
    if (m.stack.data != nullptr) {
      m.stack.multiply(k.rows, k.h(s), k.ldh, 0, k.gates(s), k.ld_gates, m.bias, false);
    } else {
      m.recurrent.multiply(k.rows, k.read(s), k.ld_read, k.read_step, k.gates(s) + form_.recurrent_slot * k.width,
                           k.ld_gates, nullptr, true);
    }
  }

  /// dh = (or +=) the gradients of these gates at step s, through the recurrent kernel.
  void recurrent_product_back(const Memory& m, const Steps& k, std::size_t s, bool accumulate) const {
    m.recurrent_back.multiply(k.rows, k.gates(s) + form_.recurrent_slot * k.width, k.ld_gates, m.dh, k.width,
                              k.recurrent_factors, form_.recurrent_gates.size() * k.width, m.temporary, accumulate);
  }

  /// Whether products and cell are one kernel, which reads the stacked weights as they lie.
  bool finishes_in_registers() const {
    return form_.states == 2 && weight_bytes() <= kSmallWeights &&
           config_.recurrent_activation == Activation(Activation::sigmoid) &&
           config_.activation == Activation(Activation::tanh);
  }

  std::size_t inputs() const { return inputs_; }
  const RecurrentConfig& config() const { return config_; }
  const CellForm& form() const { return form_; }
  std::size_t width() const { return padded_units<Real>(config_.units); }

 private:
  // Sizes

  /// Weights that stay in a core's L1, or nearly.
  static constexpr std::size_t kSmallWeights = std::size_t{64} << 10;
  /// What stays in L2 beside the rest.
  static constexpr std::size_t kCached = std::size_t{1} << 20;

  std::size_t bias_rows() const { return !form_.adds && reset_after() ? 2 : 1; }
  bool drops_input(bool training) const { return training && config_.dropout > 0; }
  bool drops_state(bool training) const { return training && config_.recurrent_dropout > 0; }
  std::size_t weight_bytes() const { return (width() + inputs_) * form_.slots * width() * sizeof(Real); }
  std::size_t stacked_row() const { return padded_units<Real>(width() + inputs_); }

  bool step_by_step(RecurrentPath path) const { return path == RecurrentPath::unfused || path == RecurrentPath::fused; }

  /// Rows that pass through all steps together. Small weights stay in L1 and few rows beside them, two tiles of a
  /// product; large ones come from farther away once a step, so that many rows share them.
  std::size_t block_rows() const {
    const std::size_t bytes = weight_bytes();
    return bytes <= kSmallWeights ? 12 : 128;
  }

  RecurrentPath path(bool training) const {
    const bool stackable = form_.adds && !drops_input(training) && !drops_state(training);
    if (config_.path == RecurrentPath::stacked && !stackable) return RecurrentPath::hoisted;
    if (config_.path != RecurrentPath::automatic) return config_.path;
    return stackable && weight_bytes() <= kCached ? RecurrentPath::stacked : RecurrentPath::hoisted;
  }

  /// Steps whose input products are made at once.
  std::size_t hoisted_steps(const Pass<Real>& pass, std::size_t rows) const {
    const std::size_t T = (*pass.input_shape)[0];
    if (path(pass.training) != RecurrentPath::hoisted) return 1;
    if (pass.training) return T;
    const std::size_t bytes = rows * form_.slots * width() * sizeof(Real);
    return std::clamp<std::size_t>((std::size_t{512} << 10) / bytes, 1, T);
  }

  /// Steps whose gradients go to the parameters in one product: all, or, where the parameters are small beside them, so
  /// many that they are still in the cache.
  std::size_t gathered_steps(std::size_t rows, std::size_t T) const {
    if (step_by_step(path(true))) return 1;
    if (weight_bytes() > kCached) return T;
    return std::clamp<std::size_t>(kCached / 2 / (rows * form_.slots * width() * sizeof(Real)), 1, T);
  }

  /// Recurrent weights of these gates in m.plain [width, gates·width], rows beyond the units zero.
  void pad_recurrent(const Memory& m, const Real* U, std::span<const std::size_t> gates) const {
    const std::size_t H = config_.units;
    const std::size_t columns = gates.size() * width();
    pad_gates(H, H, width(), gates, U, kernel_gates() * H, m.plain, columns);
    std::fill(m.plain + H * columns, m.plain + width() * columns, Real{0});
  }

  // Forward

  Steps steps(const Memory& m, const Pass<Real>& pass, std::size_t first, std::size_t rows) const {
    const std::size_t T = (*pass.input_shape)[0];
    const std::size_t P = width();
    const std::size_t in = form_.input_gates.size();
    const std::size_t rec = form_.recurrent_gates.size();
    const bool stacked = m.stack.data != nullptr;
    Steps k;
    k.rows = rows;
    k.width = P;
    k.state_count = pass.training ? T + 1 : 2;
    k.step_count = pass.training ? T : hoisted_steps(pass, m.block);
    k.x_count = stacked ? k.state_count : k.step_count;
    const std::size_t before = pass.training ? first : 0;  // rows of other blocks, kept too when training
    k.ldh = stacked ? stacked_row() : P;
    k.h_at = m.h + before * k.state_count * k.ldh;
    k.ldx = stacked ? k.ldh : (m.input_factors != nullptr ? in : 1) * inputs_;
    k.x_at = stacked ? k.h_at + P : m.x + before * k.x_count * k.ldx;
    k.ld_read = m.h_dropped != nullptr ? rec * P : k.ldh;
    k.read_at = m.h_dropped != nullptr ? m.h_dropped + before * k.state_count * k.ld_read : k.h_at;
    k.read_step = m.h_dropped != nullptr ? P : 0;
    k.ld_gates = form_.slots * P;
    k.gates_at = m.gates + before * k.step_count * k.ld_gates;
    if (m.c != nullptr) k.c_at = m.c + before * k.state_count * P;
    if (m.squashed != nullptr) k.squashed_at = m.squashed + before * k.step_count * P;
    if (m.input_factors != nullptr) k.input_factors = m.input_factors + before * in * inputs_;
    if (m.recurrent_factors != nullptr) k.recurrent_factors = m.recurrent_factors + before * rec * P;
    k.first_seen = m.first_seen + before;
    return k;
  }

  void forward_block(Pass<Real>& pass, const Memory& m, std::size_t first, std::size_t rows) const {
    const std::size_t T = (*pass.input_shape)[0];
    const std::size_t H = config_.units;
    const TimeMask mask = time_mask(pass);
    draw_masks(pass, m, first, rows);
    find_first_seen(mask, pass, m, first, rows);
    const Steps k = steps(m, pass, first, rows);
    load_state(pass, k, first);
    drop_state(k, 0);
    const std::size_t together = hoisted_steps(pass, m.block);
    for (std::size_t s = 0; s < T; ++s) {
      if (s % together == 0) input_product(pass, m, k, s, std::min(together, T - s), first);
      forward_step(m, k, s, pass.training);
      if (mask.given()) carry_masked(mask, k, s, first);
      drop_state(k, s + 1);
      if (!config_.return_sequences && s + 1 < T) continue;
      for (std::size_t r = 0; r < rows; ++r) {
        Real* y = pass.y + (config_.return_sequences ? (first + r) * T + s : first + r) * H;
        if (shows_state(mask, k, first, r, s)) {
          std::copy_n(k.h(s + 1) + r * k.ldh, H, y);
        } else {
          std::fill_n(y, H, Real{0});
        }
      }
    }
    store_state(pass, k, first, T);
  }

  /// Copies the input of steps [s, s + count) and multiplies it with the kernel, unless that is done with the state's.
  void input_product(const Pass<Real>& pass, const Memory& m, const Steps& k, std::size_t s, std::size_t count,
                     std::size_t first) const {
    for (std::size_t i = s; i < s + count; ++i) copy_input(pass, k, i, first);
    if (m.stack.data != nullptr) return;
    m.input.multiply(count * k.rows, k.x(s), k.ldx, k.input_factors != nullptr ? inputs_ : 0, k.gates(s), k.ld_gates,
                     m.bias, false);
  }

  void copy_input(const Pass<Real>& pass, const Steps& k, std::size_t s, std::size_t first) const {
    const std::size_t T = (*pass.input_shape)[0];
    const std::size_t D = inputs_;
    Real* to = k.x(s);
    const Real* from = pass.x + (first * T + time_mask(pass).time(s)) * D;
    if (k.input_factors == nullptr) {
      for (std::size_t r = 0; r < k.rows; ++r) {
        simd::map(D, from + r * T * D, to + r * k.ldx, [](const Simd<Real>& v) { return v; });
      }
      return;
    }
    const std::size_t in = form_.input_gates.size();
    for (std::size_t r = 0; r < k.rows; ++r) {
      const Real* factors = k.input_factors + r * in * D;
      for (std::size_t g = 0; g < in; ++g) {
        multiply(D, from + r * T * D, factors + g * D, to + r * k.ldx + g * D);
      }
    }
  }

  /// The copies of h(s) under dropout that the recurrent product reads.
  void drop_state(const Steps& k, std::size_t s) const {
    if (k.recurrent_factors == nullptr) return;
    const std::size_t rec = form_.recurrent_gates.size();
    for (std::size_t r = 0; r < k.rows; ++r) {
      for (std::size_t g = 0; g < rec; ++g) {
        multiply(k.width, k.h(s) + r * k.ldh, k.recurrent_factors + (r * rec + g) * k.width,
                 k.read(s) + r * k.ld_read + g * k.width);
      }
    }
  }

  static void multiply(std::size_t n, const Real* a, const Real* b, Real* y) {
    simd::sweep<Real>(n, [&](auto at) { at.store(y, at.load(a) * at.load(b)); });
  }

  /// Dropout masks of these samples: one a sequence and gate, the same at every step.
  void draw_masks(const Pass<Real>& pass, const Memory& m, std::size_t first, std::size_t rows) const {
    if (m.input_factors == nullptr && m.recurrent_factors == nullptr) return;
    const std::size_t D = inputs_;
    const std::size_t P = width();
    for (std::size_t r = 0; r < rows; ++r) {
      RandomStream random({.seed = pass.seed ^ (config_.seed * 0x9E3779B97F4A7C15U),
                           .purpose = Purpose::dropout,
                           .index = pass.layer_index,
                           .step = pass.step,
                           .sample = static_cast<std::uint32_t>(pass.first_sample + first + r)});
      const auto draw = [&](double rate, std::size_t count, Real* to) {
        const auto threshold = static_cast<std::uint32_t>(rate * 0x1p32);
        const auto scale = static_cast<Real>(1.0 / (1.0 - rate));
        for (std::size_t i = 0; i < count; ++i) to[i] = random.bits() >= threshold ? scale : Real{0};
      };
      if (m.input_factors != nullptr) {
        const std::size_t n = form_.input_gates.size() * D;
        draw(config_.dropout, n, m.input_factors + (first + r) * n);
      }
      if (m.recurrent_factors != nullptr) {
        for (std::size_t g = 0; g < form_.recurrent_gates.size(); ++g) {
          Real* to = m.recurrent_factors + ((first + r) * form_.recurrent_gates.size() + g) * P;
          draw(config_.recurrent_dropout, config_.units, to);
          std::fill(to + config_.units, to + P, Real{0});
        }
      }
    }
  }

  // States

  void load_state(const Pass<Real>& pass, const Steps& k, std::size_t first) const {
    const std::size_t H = config_.units;
    for (std::size_t r = 0; r < k.rows; ++r) {
      const Real* state = pass.state == nullptr ? nullptr : pass.state + (first + r) * form_.states * H;
      const auto set = [&](Real* to, std::size_t which) {
        if (state != nullptr) std::copy_n(state + which * H, H, to);
        std::fill(to + (state != nullptr ? H : 0), to + k.width, Real{0});
      };
      set(k.h(0) + r * k.ldh, 0);
      if (k.c_at != nullptr) set(k.c(0) + r * k.width, 1);
    }
  }

  void store_state(const Pass<Real>& pass, const Steps& k, std::size_t first, std::size_t T) const {
    if (pass.state == nullptr) return;
    const std::size_t H = config_.units;
    for (std::size_t r = 0; r < k.rows; ++r) {
      Real* state = pass.state + (first + r) * form_.states * H;
      std::copy_n(k.h(T) + r * k.ldh, H, state);
      if (k.c_at != nullptr) std::copy_n(k.c(T) + r * k.width, H, state + H);
    }
  }

  // Masks. A masked step changes nothing: state and output stay, and gradients pass it by.

  TimeMask time_mask(const Pass<Real>& pass) const { return {pass.mask, (*pass.input_shape)[0], config_.go_backwards}; }

  void find_first_seen(const TimeMask& mask, const Pass<Real>& pass, const Memory& m, std::size_t first,
                       std::size_t rows) const {
    for (std::size_t r = 0; mask.given() && r < rows; ++r) {
      m.first_seen[(pass.training ? first : 0) + r] = mask.first_seen(first + r);
    }
  }

  /// Whether the output at step s, or the only one, is the state after it, and not zero.
  bool shows_state(const TimeMask& mask, const Steps& k, std::size_t first, std::size_t r, std::size_t s) const {
    if (!mask.given()) return true;
    return mask.shows_state(first + r, s, k.first_seen[r], config_.return_sequences && config_.zero_output_for_mask);
  }

  void carry_masked(const TimeMask& mask, const Steps& k, std::size_t s, std::size_t first) const {
    for (std::size_t r = 0; r < k.rows; ++r) {
      if (!mask.masked(first + r, s)) continue;
      std::copy_n(k.h(s) + r * k.ldh, k.width, k.h(s + 1) + r * k.ldh);
      if (k.c_at != nullptr) std::copy_n(k.c(s) + r * k.width, k.width, k.c(s + 1) + r * k.width);
    }
  }

  // Backward

  void backward_block(Pass<Real>& pass, const Memory& m, std::size_t first, std::size_t rows) const {
    const std::size_t T = (*pass.input_shape)[0];
    const std::size_t H = config_.units;
    const TimeMask mask = time_mask(pass);
    const Steps k = steps(m, pass, first, rows);
    load_state_gradient(pass, m, k, first);
    const std::size_t together = gathered_steps(rows, T);
    std::size_t pending = 0;  // steps whose gradients still lie where they were computed
    for (std::size_t s = T; s-- > 0;) {
      if (config_.return_sequences || s + 1 == T) {
        for (std::size_t r = 0; r < rows; ++r) {
          const std::size_t row = config_.return_sequences ? (first + r) * T + s : first + r;
          if (shows_state(mask, k, first, r, s)) add(H, pass.dy + row * H, m.dh + r * k.width);
        }
      }
      if (mask.given()) save_masked(mask, m, k, s, first);
      backward_step(m, k, s);
      if (mask.given()) restore_masked(mask, m, k, s, first);
      if (++pending == together || s == 0) {
        gather(pass, m, k, s, pending, first);
        pending = 0;
      }
    }
    if (pass.state_gradient != nullptr) store_state_gradient(pass, m, k, first);
  }

  void load_state_gradient(const Pass<Real>& pass, const Memory& m, const Steps& k, std::size_t first) const {
    const std::size_t H = config_.units;
    std::fill_n(m.dh, k.rows * k.width, Real{0});
    std::fill_n(m.dc, k.rows * k.width, Real{0});
    if (pass.state_gradient == nullptr) return;
    for (std::size_t r = 0; r < k.rows; ++r) {
      const Real* gradient = pass.state_gradient + (first + r) * form_.states * H;
      std::copy_n(gradient, H, m.dh + r * k.width);
      if (form_.states == 2) std::copy_n(gradient + H, H, m.dc + r * k.width);
    }
  }

  void store_state_gradient(const Pass<Real>& pass, const Memory& m, const Steps& k, std::size_t first) const {
    const std::size_t H = config_.units;
    for (std::size_t r = 0; r < k.rows; ++r) {
      Real* gradient = pass.state_gradient + (first + r) * form_.states * H;
      std::copy_n(m.dh + r * k.width, H, gradient);
      if (form_.states == 2) std::copy_n(m.dc + r * k.width, H, gradient + H);
    }
  }

  void save_masked(const TimeMask& mask, const Memory& m, const Steps& k, std::size_t s, std::size_t first) const {
    for (std::size_t r = 0; r < k.rows; ++r) {
      if (!mask.masked(first + r, s)) continue;
      std::copy_n(m.dh + r * k.width, k.width, m.saved + 2 * r * k.width);
      std::copy_n(m.dc + r * k.width, k.width, m.saved + (2 * r + 1) * k.width);
    }
  }

  void restore_masked(const TimeMask& mask, const Memory& m, const Steps& k, std::size_t s, std::size_t first) const {
    for (std::size_t r = 0; r < k.rows; ++r) {
      if (!mask.masked(first + r, s)) continue;
      std::copy_n(m.saved + 2 * r * k.width, k.width, m.dh + r * k.width);
      std::copy_n(m.saved + (2 * r + 1) * k.width, k.width, m.dc + r * k.width);
      std::fill_n(k.gates(s) + r * k.ld_gates, k.ld_gates, Real{0});
    }
  }

  /// Brings the gradients of steps [s, s + count) to the parameters and to dx.
  void gather(Pass<Real>& pass, const Memory& m, const Steps& k, std::size_t s, std::size_t count,
              std::size_t first) const {
    const std::size_t H = config_.units;
    const std::size_t P = k.width;
    const std::size_t D = inputs_;
    const std::size_t G = kernel_gates();
    const std::size_t n = count * k.rows;
    const bool apart = path(true) == RecurrentPath::unfused;
    const std::size_t x_step = k.input_factors != nullptr ? D : 0;
    gate_matrix_gradient(n, D, H, P, form_.input_gates, k.x(s), k.ldx, x_step, k.gates(s), k.ld_gates,
                         pass.gradient(kernel_), G * H, apart);
    gather_recurrent(pass.gradient(recurrent_), k, s, n, apart);
    if (config_.use_bias) {
      const auto sums = [&](std::span<const std::size_t> order, std::size_t slot, Real* to) {
        for (std::size_t g = 0; g < order.size(); ++g) {
          column_sums_add(n, H, k.gates(s) + (slot + g) * P, k.ld_gates, to + order[g] * H);
        }
      };
      sums(form_.input_gates, 0, pass.gradient(bias_));
      if (bias_rows() == 2) sums(form_.recurrent_gates, form_.recurrent_slot, pass.gradient(bias_) + G * H);
    }
    if (pass.dx != nullptr) gather_input(pass, m, k, s, count, first);
  }

  void gather_recurrent(Real* dU, const Steps& k, std::size_t s, std::size_t n, bool apart) const {
    const std::size_t H = config_.units;
    const std::size_t ld = kernel_gates() * H;
    const Real* d = k.gates(s) + form_.recurrent_slot * k.width;
    if (candidate_apart()) {  // it read what the reset gate left of the state, which its last slot keeps
      gate_matrix_gradient(n, H, H, k.width, form_.recurrent_gates.last(1), k.gates(s) + 3 * k.width, k.ld_gates, 0,
                           k.gates(s), k.ld_gates, dU, ld, apart);
    }
    gate_matrix_gradient(n, H, H, k.width, state_gates(), k.read(s), k.ld_read, k.read_step, d, k.ld_gates, dU, ld,
                         apart);
  }

  void gather_input(Pass<Real>& pass, const Memory& m, const Steps& k, std::size_t s, std::size_t count,
                    std::size_t first) const {
    const std::size_t T = (*pass.input_shape)[0];
    const std::size_t D = inputs_;
    const std::size_t in = form_.input_gates.size();
    const TimeMask order = time_mask(pass);
    if (m.dx != nullptr && count > 1) {
      m.input_back.multiply(count * k.rows, k.gates(s), k.ld_gates, m.dx, D, nullptr, 0, nullptr, false);
      for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t r = 0; r < k.rows; ++r) {
          std::copy_n(m.dx + (i * k.rows + r) * D, D, pass.dx + ((first + r) * T + order.time(s + i)) * D);
        }
      }
      return;
    }
    for (std::size_t i = s; i < s + count; ++i) {
      m.input_back.multiply(k.rows, k.gates(i), k.ld_gates, pass.dx + (first * T + order.time(i)) * D, T * D,
                            k.input_factors, in * D, m.temporary, false);
    }
  }

  RecurrentConfig config_;
  CellForm form_;
  std::size_t inputs_ = 0;
  Parameter kernel_;
  Parameter recurrent_;
  Parameter bias_;
};

}  // namespace seqnn::inline SEQNN_ABI
