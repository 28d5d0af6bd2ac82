#pragma once

#include "seqnn/kernels/gru_cell.hpp"
#include "seqnn/layers/recurrent.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// Options of GRU, as in Keras.
struct GRUOptions {
  Activation activation = Activation::tanh;
  Activation recurrent_activation = Activation::sigmoid;
  bool use_bias = true;
  Initializer kernel_initializer = glorot_uniform();
  Initializer recurrent_initializer = orthogonal();
  Initializer bias_initializer = zeros();
  Regularizer kernel_regularizer = {};
  Regularizer recurrent_regularizer = {};
  Regularizer bias_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint recurrent_constraint = {};
  Constraint bias_constraint = {};
  double dropout = 0;            ///< share of the inputs dropped, by a mask a sequence and gate
  double recurrent_dropout = 0;  ///< likewise of the state
  bool return_sequences = false;
  bool return_state = false;  ///< only for a layer called alone
  bool go_backwards = false;
  bool stateful = false;
  bool reset_after = true;  ///< whether the reset gate comes after the recurrent product
  bool zero_output_for_mask = false;
  std::uint64_t seed = 0;  ///< of dropout, mixed into the model's
  RecurrentPath path = RecurrentPath::automatic;
  std::string name = {};

  bool operator==(const GRUOptions&) const = default;
};

/// Gated recurrent unit.
///
///   z = σ(x_t·W_z + h·U_z + b_z)   r = σ(x_t·W_r + h·U_r + b_r)   h' = z ⊙ h + (1 - z) ⊙ n
///   reset_after   n = φ(x_t·W_h + b_h + r ⊙ (h·U_h + b'_h))
///   else          n = φ(x_t·W_h + b_h + (r ⊙ h)·U_h)
///
/// σ is recurrent_activation, φ activation. A step whose mask is 0 changes neither state nor output.
///
/// Shapes  x [B, T, D] -> y [B, units], or [B, T, units] with return_sequences
///         W "kernel" [D, 3·units]   U "recurrent_kernel" [units, 3·units]; gates z r h
///         b "bias" [2, 3·units] with reset_after: the input's row and the state's; else [3·units]
/// State   h [B, units]
/// Throws  OptionError for 0 units, a rate outside [0, 1), or softmax; ShapeError if x is not (batch, time, features)
/// Source  Cho et al. 2014; dropout: Gal & Ghahramani 2016
class GRU {
 public:
  explicit GRU(std::size_t units, GRUOptions options = {}) : units_(units), options_(std::move(options)) {
    check_recurrent("GRU", recurrent_config(units_, options_));
  }

  std::size_t units() const { return units_; }
  const GRUOptions& options() const { return options_; }

  /// The same layer in the other direction of time.
  SEQNN_COLD GRU reversed() const {
    GRU other = *this;
    other.options_.go_backwards = !options_.go_backwards;
    return other;
  }

  SEQNN_COLD std::string to_string() const {
    const GRUOptions standard;
    return describe_recurrent(
               Describe("GRU")
                   .argument(units_)
                   .option("activation", options_.activation, standard.activation)
                   .option("recurrent_activation", options_.recurrent_activation, standard.recurrent_activation)
                   .option("reset_after", options_.reset_after, standard.reset_after),
               options_, standard)
        .str();
  }

  bool operator==(const GRU&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  std::size_t units_;
  GRUOptions options_;
};

/// Computes GRU. Slots: n z r and what the reset gate multiplies (kernels/gru_cell.hpp).
template <class Real>
class GRULayer final : public RecurrentLayer<Real> {
  using Base = RecurrentLayer<Real>;
  using typename Base::Memory;
  using typename Base::Steps;

 public:
  explicit GRULayer(const GRU& gru)
      : Base(recurrent_config(gru.units(), gru.options()), form()), reset_after_(gru.options().reset_after) {}

  std::string type() const override { return "GRU"; }

 private:
  static const CellForm& form() {
    static constexpr std::size_t kInput[] = {2, 0, 1};      // h z r
    static constexpr std::size_t kRecurrent[] = {0, 1, 2};  // z r h
    static constexpr CellForm kForm = {.slots = 4,
                                       .input_gates = kInput,
                                       .recurrent_gates = kRecurrent,
                                       .recurrent_slot = 1,
                                       .states = 1,
                                       .adds = false};
    return kForm;
  }

  bool reset_after() const override { return reset_after_; }

  Activation::Function gate() const { return this->config().recurrent_activation.function(); }
  Activation::Function value() const { return this->config().activation.function(); }

  void forward_step(const Memory& m, const Steps& k, std::size_t s, bool training) const override {
    const std::size_t P = k.width;
    if (reset_after_) {
      m.recurrent.multiply(k.rows, k.read(s), k.ld_read, k.read_step, m.from_h, 3 * P, m.recurrent_bias, false);
      gru_cell(gate(), value(), k.rows, P, k.gates(s), m.from_h, k.h(s), k.h(s + 1), k.ldh, training);
      return;
    }
    this->recurrent_product(m, k, s);
    gru_cell_reset(gate(), value(), k.rows, P, k.gates(s), k.read(s) + 2 * k.read_step, k.ld_read);
    m.candidate.multiply(k.rows, k.gates(s) + 3 * P, k.ld_gates, 0, k.gates(s), k.ld_gates, nullptr, true);
    gru_cell_update(gate(), value(), k.rows, P, k.gates(s), k.h(s), k.h(s + 1), k.ldh);
  }

  bool knows_step() const override { return reset_after_; }
  void step_cell(const RecurrentStep<Real>& step) const override { gru_step(gate(), value(), step); }

  void backward_step(const Memory& m, const Steps& k, std::size_t s) const override {
    const std::size_t P = k.width;
    if (reset_after_) {
      gru_cell_backward(gate(), value(), k.rows, P, k.gates(s), k.h(s), k.ldh, m.dh);
      this->recurrent_product_back(m, k, s, true);
      return;
    }
    gru_cell_update_backward(gate(), value(), k.rows, P, k.gates(s), k.h(s), k.ldh, m.dh);
    m.candidate_back.multiply(k.rows, k.gates(s), k.ld_gates, m.from_h, P, nullptr, 0, nullptr, false);
    gru_cell_reset_backward(gate(), value(), k.rows, P, k.gates(s), k.read(s) + 2 * k.read_step, k.ld_read, m.from_h);
    for (std::size_t r = 0; r < k.rows; ++r) {
      Real* dh = m.dh + r * P;
      const Real* dm = m.from_h + r * P;
      if (k.recurrent_factors == nullptr) {
        add(P, dm, dh);
      } else {
        const Real* factors = k.recurrent_factors + (3 * r + 2) * P;
        simd::sweep<Real>(P,
                          [&](auto at) { at.store(dh, simd::fma<Real>(at.load(dm), at.load(factors), at.load(dh))); });
      }
    }
    this->recurrent_product_back(m, k, s, true);
  }

  bool reset_after_;
};

template <class Real>
std::unique_ptr<Layer<Real>> GRU::make(For<Layer<Real>>) const {
  return std::make_unique<GRULayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
