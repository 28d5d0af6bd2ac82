#pragma once

#include "seqnn/core/activation.hpp"
#include "seqnn/kernels/cell_activations.hpp"
#include "seqnn/kernels/simd.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace seqnn::inline SEQNN_ABI {

// One time step of one sequence, products and cell in one pass and without memory between them: what a stream runs.
// Weights are as GateMatrix keeps them plain: [rows, gates·width], zero beyond the units.

/// What a step reads and writes.
template <class Real>
struct RecurrentStep {
  std::size_t inputs = 0;
  std::size_t units = 0;
  std::size_t width = 0;                    ///< units in whole registers
  const Real* input_weights = nullptr;      ///< [inputs, gates·width]
  const Real* recurrent_weights = nullptr;  ///< [units, gates·width]
  const Real* bias = nullptr;               ///< [gates·width], or null
  const Real* recurrent_bias = nullptr;     ///< likewise; null where there is none of its own
  const Real* x = nullptr;                  ///< [inputs]
  Real* h = nullptr;                        ///< [units] the state, replaced
  Real* c = nullptr;                        ///< [units] likewise, of an LSTM
  Real* y = nullptr;                        ///< [width] receives the new h; beyond the units anything
};

namespace detail {

/// Adds a · B to the sums of `Registers` registers of units from unit u on. Gate g of B goes to sum Map[g]. Even and
/// odd rows are summed apart where there are few sums, which would else wait for each other.
template <std::array Map, class Real, std::size_t Sums, std::size_t Registers>
SEQNN_INLINE void add_gates(std::size_t rows, const Real* a, const Real* b, std::size_t width, std::size_t u,
                            Simd<Real> (&sums)[Sums][Registers]) noexcept {
  constexpr std::size_t Gates = Map.size();
  constexpr std::size_t W = kLanes<Real>;
  constexpr std::size_t kParts = Gates * Registers < 8 ? 2 : 1;
  const std::size_t ld = Gates * width;
  Simd<Real> part[Gates][Registers];
  if constexpr (kParts == 2) {
    simd::unroll<Gates>([&](auto g) { simd::unroll<Registers>([&](auto r) { part[g][r] = Simd<Real>(Real(0)); }); });
  }
  std::size_t k = 0;
  for (; k + kParts <= rows; k += kParts, b += kParts * ld) {
    const Simd<Real> value(a[k]);
    simd::unroll<Gates>([&](auto g) {
      simd::unroll<Registers>([&](auto r) {
        auto& sum = sums[Map[g]][r];
        sum = simd::fma<Real>(value, simd::load(b + g * width + u + r * W), sum);
      });
    });
    if constexpr (kParts == 2) {
      const Simd<Real> next(a[k + 1]);
      simd::unroll<Gates>([&](auto g) {
        simd::unroll<Registers>([&](auto r) {
          part[g][r] = simd::fma<Real>(next, simd::load(b + ld + g * width + u + r * W), part[g][r]);
        });
      });
    }
  }
  if constexpr (kParts == 2) {
    simd::unroll<Gates>([&](auto g) {
      simd::unroll<Registers>([&](auto r) {
        auto& sum = sums[Map[g]][r];
        sum += part[g][r];
        if (k < rows) sum = simd::fma<Real>(Simd<Real>(a[k]), simd::load(b + g * width + u + r * W), sum);
      });
    });
  }
}

/// Adds the gates' bias to the sums, if there is one.
template <std::array Map, class Real, std::size_t Sums, std::size_t Registers>
SEQNN_INLINE void add_bias(const Real* bias, std::size_t width, std::size_t u,
                           Simd<Real> (&sums)[Sums][Registers]) noexcept {
  constexpr std::size_t Gates = Map.size();
  if (bias == nullptr) return;
  simd::unroll<Gates>([&](auto g) {
    simd::unroll<Registers>([&](auto r) { sums[Map[g]][r] += simd::load(bias + g * width + u + r * kLanes<Real>); });
  });
}

/// A step of all units, several registers of them at a time. `finish(u, sums)` gives the new h of one register.
template <std::size_t Sums, std::array InputMap, std::array RecurrentMap, class Real, class Finish>
SEQNN_INLINE void recurrent_step(const RecurrentStep<Real>& s, Finish&& finish) noexcept {
  constexpr std::size_t W = kLanes<Real>;
  std::size_t u = 0;
  const auto run = [&](auto registers) {
    constexpr std::size_t kRegisters = registers;
    for (; u + kRegisters * W <= s.width; u += kRegisters * W) {
      Simd<Real> sums[Sums][kRegisters];
      simd::unroll<Sums>([&](auto g) { simd::unroll<kRegisters>([&](auto r) { sums[g][r] = Simd<Real>(Real(0)); }); });
      add_bias<InputMap>(s.bias, s.width, u, sums);
      add_bias<RecurrentMap>(s.recurrent_bias, s.width, u, sums);
      add_gates<InputMap>(s.inputs, s.x, s.input_weights, s.width, u, sums);
      add_gates<RecurrentMap>(s.units, s.h, s.recurrent_weights, s.width, u, sums);
      simd::unroll<kRegisters>([&](auto r) {
        Simd<Real> own[Sums];
        simd::unroll<Sums>([&](auto g) { own[g] = sums[g][r]; });
        // Whole registers, beyond the units too: what was stored in part makes the next reader wait.
        simd::store(s.y + u + r * W, finish(u + r * W, own));
      });
    }
  };
  constexpr std::size_t kMost = kSimdRegisters == 32 ? 4 : 2;
  run(std::integral_constant<std::size_t, kMost>{});
  run(std::integral_constant<std::size_t, kMost / 2>{});
  if constexpr (kMost == 4) run(std::integral_constant<std::size_t, 1>{});
  simd::sweep<Real>(s.units, [&](auto at) { at.store(s.h, at.load(s.y)); });
}

/// Register of the states from unit u on, zero beyond the last.
template <class Real>
SEQNN_INLINE Simd<Real> load_units(const RecurrentStep<Real>& s, const Real* state, std::size_t u) noexcept {
  return u + kLanes<Real> <= s.units ? simd::load(state + u)
                                     : simd::load_first(state + u, s.units - std::min(s.units, u));
}

template <class Real>
SEQNN_INLINE void store_units(const RecurrentStep<Real>& s, Real* state, std::size_t u, const Simd<Real>& v) noexcept {
  if (u + kLanes<Real> <= s.units) {
    simd::store(state + u, v);
  } else {
    simd::store_first(state + u, v, s.units - std::min(s.units, u));
  }
}

}  // namespace detail

/// LSTM; gates i f g o on both sides. Equations: lstm_cell.
template <class Real>
void lstm_step(Activation::Function recurrent, Activation::Function activation, const RecurrentStep<Real>& s) noexcept {
  constexpr std::array<std::size_t, 4> kGates = {0, 1, 2, 3};
  detail::with_cell<Real>(recurrent, activation, [&](const auto cell) {
    detail::recurrent_step<4, kGates, kGates>(s, [&](std::size_t u, const Simd<Real>(&a)[4]) {
      const Simd<Real> c =
          simd::fma<Real>(cell.gate(a[1]), detail::load_units(s, s.c, u), cell.gate(a[0]) * cell.value(a[2]));
      detail::store_units(s, s.c, u, c);
      return Simd<Real>(cell.gate(a[3]) * cell.value(c));
    });
  });
}

/// GRU with reset after the product; gates n z r of the input, z r n of the state. Equations: gru_cell.
template <class Real>
void gru_step(Activation::Function recurrent, Activation::Function activation, const RecurrentStep<Real>& s) noexcept {
  constexpr std::array<std::size_t, 3> kInput = {2, 0, 1};
  constexpr std::array<std::size_t, 3> kState = {0, 1, 3};
  detail::with_cell<Real>(recurrent, activation, [&](const auto cell) {
    detail::recurrent_step<4, kInput, kState>(s, [&](std::size_t u, const Simd<Real>(&a)[4]) {
      const Simd<Real> z = cell.gate(a[0]);
      const Simd<Real> candidate = cell.value(simd::fma<Real>(cell.gate(a[1]), a[3], a[2]));
      return Simd<Real>(simd::fma<Real>(z, detail::load_units(s, s.h, u) - candidate, candidate));
    });
  });
}

}  // namespace seqnn::inline SEQNN_ABI
