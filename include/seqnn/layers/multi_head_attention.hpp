#pragma once

#include "seqnn/core/constraint.hpp"
#include "seqnn/core/initializer.hpp"
#include "seqnn/core/regularizer.hpp"
#include "seqnn/kernels/attention.hpp"
#include "seqnn/kernels/column_sums.hpp"
#include "seqnn/kernels/gemm.hpp"
#include "seqnn/kernels/updates.hpp"
#include "seqnn/layers/checks.hpp"
#include "seqnn/layers/layer.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>

namespace seqnn::inline SEQNN_ABI {

/// Options of MultiHeadAttention, as in Keras.
struct MultiHeadAttentionOptions {
  std::size_t value_dim = 0;  ///< numbers a value and head; 0: key_dim
  double dropout = 0;         ///< share of the attention weights that training drops
  bool use_bias = true;
  std::size_t output_shape = 0;  ///< features of the output; 0: those of the input
  Initializer kernel_initializer = glorot_uniform();
  Initializer bias_initializer = zeros();
  Regularizer kernel_regularizer = {};
  Regularizer bias_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint bias_constraint = {};
  bool use_causal_mask = false;  ///< whether a step sees itself and earlier ones only; in Keras an argument of the call
  std::uint64_t seed = 0;        ///< of the dropout, mixed into the model's
  std::string name = {};

  bool operator==(const MultiHeadAttentionOptions&) const = default;
};

/// Attention of a sequence to itself: each step asks all others, and gets a mean of their values, in several ways at
/// once.
///
///   q = x·W_q + b_q   k = x·W_k + b_k   v = x·W_v + b_v               of every head
///   a_t = softmax over s of q_t·k_s / sqrt(key_dim)   c_t = Σ_s a_ts·v_s
///   y_t = Σ over heads of c_t·W_o + b_o
///
/// Steps that a mask leaves out are not looked at; what they get themselves is b_o, and the mask passes on.
///
/// Shapes  x [B,T,D] -> y [B,T,output_shape]    H = num_heads, K = key_dim, V = value_dim, O = output_shape
///         W_q "query/kernel", W_k "key/kernel" [D,H,K]   b_q "query/bias", b_k "key/bias" [H,K]
///         W_v "value/kernel" [D,H,V]   b_v "value/bias" [H,V]
///         W_o "attention_output/kernel" [H,V,O]   b_o "attention_output/bias" [O]
/// Keeps   when training: q, k, v and c. The weights a are computed again on the way back, kAttentionRows steps of one
///         head at a time, so that memory grows with T and not with T²
/// Throws  OptionError for sizes of 0 and a dropout outside [0, 1); ShapeError if x is not (batch, time, features)
/// Source  Vaswani et al. 2017
class MultiHeadAttention {
 public:
  SEQNN_COLD MultiHeadAttention(std::size_t num_heads, std::size_t key_dim, MultiHeadAttentionOptions options = {})
      : num_heads_(num_heads), key_dim_(key_dim), options_(std::move(options)) {
    check_positive("MultiHeadAttention", options_.name, "num_heads", num_heads);
    check_positive("MultiHeadAttention", options_.name, "key_dim", key_dim);
    check_rate(option_title("MultiHeadAttention", options_.name), "dropout", options_.dropout);
  }

  std::size_t num_heads() const { return num_heads_; }
  std::size_t key_dim() const { return key_dim_; }
  const MultiHeadAttentionOptions& options() const { return options_; }

  SEQNN_COLD std::string to_string() const {
    const MultiHeadAttentionOptions standard;
    return Describe("MultiHeadAttention")
        .argument(num_heads_)
        .argument(key_dim_)
        .option("value_dim", options_.value_dim, standard.value_dim)
        .option("dropout", options_.dropout, standard.dropout)
        .option("use_bias", options_.use_bias, standard.use_bias)
        .option("output_shape", options_.output_shape, standard.output_shape)
        .option("kernel_initializer", options_.kernel_initializer, standard.kernel_initializer)
        .option("bias_initializer", options_.bias_initializer, standard.bias_initializer)
        .option("kernel_regularizer", options_.kernel_regularizer, standard.kernel_regularizer)
        .option("bias_regularizer", options_.bias_regularizer, standard.bias_regularizer)
        .option("kernel_constraint", options_.kernel_constraint, standard.kernel_constraint)
        .option("bias_constraint", options_.bias_constraint, standard.bias_constraint)
        .option("use_causal_mask", options_.use_causal_mask, standard.use_causal_mask)
        .option("seed", options_.seed, standard.seed)
        .option("name", options_.name, standard.name)
        .str();
  }

  bool operator==(const MultiHeadAttention&) const = default;

  template <class Real>
  std::unique_ptr<Layer<Real>> make(For<Layer<Real>>) const;

 private:
  std::size_t num_heads_;
  std::size_t key_dim_;
  MultiHeadAttentionOptions options_;
};

/// Computes MultiHeadAttention.
template <class Real>
class MultiHeadAttentionLayer final : public Layer<Real> {
 public:
  SEQNN_COLD explicit MultiHeadAttentionLayer(const MultiHeadAttention& recipe)
      : options_(recipe.options()),
        H_(recipe.num_heads()),
        K_(recipe.key_dim()),
        V_(options_.value_dim == 0 ? K_ : options_.value_dim) {
    this->set_name(options_.name);
  }

  std::string type() const override { return "MultiHeadAttention"; }
  MaskUse mask_use() const override { return MaskUse::keeps; }

  SEQNN_COLD Shape output_shape(const Shape& input) const override {
    check_sequence(this->title(), input, D_);
    return {input[0], options_.output_shape == 0 ? input[1] : options_.output_shape};
  }

  SEQNN_COLD void build(const Shape& input, ParameterLayout& parameters) override {
    const std::size_t outputs = output_shape(input)[1];
    D_ = input[1];
    const auto declare = [&](std::size_t p, const char* name, std::size_t axes_of_inputs, const Shape& kernel) {
      const auto middle = kernel.begin() + static_cast<std::ptrdiff_t>(axes_of_inputs);
      Projection& w = projections_[p];
      w.inputs = element_count({kernel.begin(), middle});
      w.outputs = element_count({middle, kernel.end()});
      const std::string prefix = this->name() + '/' + name;
      w.kernel = parameters.declare(prefix + "/kernel", kernel, options_.kernel_initializer, true,
                                    options_.kernel_regularizer, options_.kernel_constraint);
      if (!options_.use_bias) return;
      w.bias = parameters.declare(prefix + "/bias", {middle, kernel.end()}, options_.bias_initializer, true,
                                  options_.bias_regularizer, options_.bias_constraint);
    };
    declare(kQuery, "query", 1, {D_, H_, K_});
    declare(kKey, "key", 1, {D_, H_, K_});
    declare(kValue, "value", 1, {D_, H_, V_});
    declare(kOutput, "attention_output", 2, {H_, V_, outputs});
  }

  /// The weights are read once a tile; so many rows that this weighs little.
  std::size_t preferred_tile(const Shape& input) const override { return (kAttentionRows - 1) / input[0] + 1; }

  void plan(Pass<Real>& pass) const override { Memory::take(*this, pass); }

  void prepare(Pass<Real>& pass) const override {
    const Memory m = Memory::take(*this, pass);
    for (std::size_t p = 0; p < kProjections; ++p) {
      const Projection& w = projections_[p];
      pack_b(w.inputs, w.outputs, pass[w.kernel], w.outputs, m.packed[p]);
      if (m.packed_back[p] != nullptr) pack_bt(w.outputs, w.inputs, pass[w.kernel], w.outputs, m.packed_back[p]);
    }
  }

  void forward(Pass<Real>& pass) const override {
    const Memory m = Memory::take(*this, pass);
    for (const std::size_t p : {kQuery, kKey, kValue}) project(pass, m, p, pass.x, m.values[p]);
    scale(rows(pass) * H_ * K_, query_scale(), m.values[kQuery]);
    for_each_head(pass, m, [&](const AttentionHead<Real>& head, auto random, std::size_t, std::size_t at_value) {
      attention_forward(head, random, m.scratch, m.values[kOutput] + at_value);
    });
    project(pass, m, kOutput, m.values[kOutput], pass.y);
  }

  void backward(Pass<Real>& pass) const override {
    const Memory m = Memory::take(*this, pass);
    learn(pass, kOutput, m.values[kOutput], pass.dy);
    project_back(pass, m, kOutput, pass.dy, m.gradients[kOutput], false);
    for_each_head(pass, m, [&](const AttentionHead<Real>& head, auto random, std::size_t at_key, std::size_t at_value) {
      attention_backward(head, random, m.scratch, m.gradients[kOutput] + at_value, m.gradients[kQuery] + at_key,
                         m.gradients[kKey] + at_key, m.gradients[kValue] + at_value);
    });
    scale(rows(pass) * H_ * K_, query_scale(), m.gradients[kQuery]);
    for (const std::size_t p : {kQuery, kKey, kValue}) {
      learn(pass, p, pass.x, m.gradients[p]);
      if (pass.dx != nullptr) project_back(pass, m, p, m.gradients[p], pass.dx, p != kQuery);
    }
  }

 private:
  /// A product with weights: outputs = inputs·kernel + bias.
  struct Projection {
    std::size_t inputs = 0;
    std::size_t outputs = 0;
    Parameter kernel;
    Parameter bias;
  };
  static constexpr std::size_t kQuery = 0, kKey = 1, kValue = 2, kOutput = 3, kProjections = 4;

  /// Everything the layer takes from the arenas.
  struct Memory {
    Real* packed[kProjections] = {};       // prepared
    Real* packed_back[kProjections] = {};  // prepared: transposed, for the gradients by inputs
    Real* values[kProjections] = {};       // q, k, v and c, kept when training, else scratch: [B,T,H,K] or [B,T,H,V]
    Real* gradients[kProjections] = {};    // scratch: by q, k, v and c
    Real* penalty = nullptr;               // scratch: of one sample
    AttentionScratch<Real> scratch;

    static Memory take(const MultiHeadAttentionLayer& layer, Pass<Real>& pass) {
      const std::size_t T = pass.input_shape->front();
      Memory m;
      for (std::size_t p = 0; p < kProjections; ++p) {
        const Projection& w = layer.projections_[p];
        const std::size_t width = p == kOutput ? w.inputs : w.outputs;
        Arena& values = pass.training ? pass.kept : pass.scratch;
        m.values[p] = values.template take<Real>(pass.batch * T * width);
        if (pass.training) m.gradients[p] = pass.scratch.template take<Real>(pass.batch * T * width);
        m.packed[p] = pass.prepared.template take<Real>(packed_size<Real>(w.inputs, w.outputs));
        if (pass.training && (pass.input_gradient || p == kOutput)) {
          m.packed_back[p] = pass.prepared.template take<Real>(packed_size<Real>(w.outputs, w.inputs));
        }
      }
      m.penalty = pass.scratch.template take<Real>(T);
      const bool drops = pass.training && layer.options_.dropout > 0;
      m.scratch = AttentionScratch<Real>::take(T, layer.K_, layer.V_, drops, pass.training, pass.scratch);
      return m;
    }
  };

  std::size_t rows(const Pass<Real>& pass) const { return pass.batch * pass.input_shape->front(); }
  Real query_scale() const { return static_cast<Real>(1 / std::sqrt(static_cast<double>(K_))); }

  void project(const Pass<Real>& pass, const Memory& m, std::size_t p, const Real* from, Real* to) const {
    const Projection& w = projections_[p];
    gemm<Real>(rows(pass), w.outputs, w.inputs, from, w.inputs, packed(m.packed[p]), to, w.outputs,
               {.bias = pass[w.bias]});
  }

  void project_back(const Pass<Real>& pass, const Memory& m, std::size_t p, const Real* from, Real* to,
                    bool accumulate) const {
    const Projection& w = projections_[p];
    gemm<Real>(rows(pass), w.inputs, w.outputs, from, w.outputs, packed(m.packed_back[p]), to, w.inputs,
               {.accumulate = accumulate});
  }

  /// Adds to the gradients of a projection's weights.
  void learn(const Pass<Real>& pass, std::size_t p, const Real* inputs, const Real* gradient) const {
    const Projection& w = projections_[p];
    gemm_at<Real>(w.inputs, w.outputs, rows(pass), inputs, w.inputs, {gradient, w.outputs}, pass.gradient(w.kernel),
                  w.outputs, {.accumulate = true});
    if (w.bias.declared()) column_sums_add(rows(pass), w.outputs, gradient, w.outputs, pass.gradient(w.bias));
  }

  /// Calls visit(head, random, at_key, at_value) for every head of every sample, with the places of its first number in
  /// q and k, and in v and c.
  template <class Visit>
  void for_each_head(const Pass<Real>& pass, const Memory& m, Visit&& visit) const {
    const std::size_t T = pass.input_shape->front();
    AttentionHead<Real> head{.T = T, .K = K_, .V = V_, .ld_key = H_ * K_, .ld_value = H_ * V_};
    head.causal = options_.use_causal_mask;
    head.dropout = pass.training ? options_.dropout : 0;
    for (std::size_t b = 0; b < pass.batch; ++b) {
      if (pass.mask != nullptr) {
        for (std::size_t t = 0; t < T; ++t) {
          m.penalty[t] = pass.mask[b * T + t] != 0 ? Real{0} : -std::numeric_limits<Real>::infinity();
        }
        head.penalty = m.penalty;
      }
      for (std::size_t h = 0; h < H_; ++h) {
        const std::size_t at_key = (b * T * H_ + h) * K_;
        const std::size_t at_value = (b * T * H_ + h) * V_;
        head.q = m.values[kQuery] + at_key;
        head.k = m.values[kKey] + at_key;
        head.v = m.values[kValue] + at_value;
        const auto random = [&, b, h](std::size_t block) {
          return pass.random(b, Purpose::dropout, options_.seed + (block * H_ + h) * 0xD1342543DE82EF95U);
        };
        visit(head, random, at_key, at_value);
      }
    }
  }

  MultiHeadAttentionOptions options_;
  std::size_t H_;
  std::size_t K_;
  std::size_t V_;
  std::size_t D_ = 0;
  Projection projections_[kProjections];
};

template <class Real>
std::unique_ptr<Layer<Real>> MultiHeadAttention::make(For<Layer<Real>>) const {
  return std::make_unique<MultiHeadAttentionLayer<Real>>(*this);
}

}  // namespace seqnn::inline SEQNN_ABI
