#pragma once

#include "seqnn/core/activation.hpp"
#include "seqnn/core/tensor.hpp"
#include "seqnn/kernels/activations.hpp"
#include "seqnn/kernels/simd.hpp"

#include <algorithm>
#include <cstddef>

namespace seqnn::inline SEQNN_ABI {

// Matrix products for training sequence models: row-major, leading dimensions free, so that rows may overlap (a
// convolution is the product of overlapping rows of its input with its kernel).
//
//   C [M,N] = A [M,K] · B [K,N]      gemm           element (m, k) of A at a[m·lda + k]
//   C [M,N] = Aᵀ · B, A [K,M]        gemm_at        element (m, k) of Aᵀ at a[k·lda + m]
//
// B is given plain, or packed before by pack_b (from B) or pack_bt (from Bᵀ [N,K]), which is worth it when the same B
// meets several A's.
//
// How it works. B is cut into panels of kPanel columns (two registers) that lie row after row, zero beyond N. A tile of
// kTileRows rows by one panel of C stays in registers while k runs; a block of kBlockK rows of a panel (32 KB) stays in
// L1 while it meets kBlockM rows of A. Where there are few panels (32 filters, 128 gates: the rule here) A is read in
// place, since copying it would cost more than it gains; where there are many, a block of A is first copied together,
// since rows at power-of-two distances fall into the same few cache sets.

/// Columns of a panel.
template <class Real>
inline constexpr std::size_t kPanel = 2 * kLanes<Real>;

/// What is done to a tile of C before it is written.
template <class Real>
struct GemmFinish {
  const Real* bias = nullptr;                            ///< [N], added to every row; not together with accumulate
  Activation::Function activation = Activation::linear;  ///< elementwise, or softmax over the N columns
  bool accumulate = false;                               ///< add the product to C instead of overwriting it
};

/// Numbers that a packed B [K,N] takes.
template <class Real>
constexpr std::size_t packed_size(std::size_t K, std::size_t N) {
  return (N + kPanel<Real> - 1) / kPanel<Real> * kPanel<Real> * K;
}

/// The matrix B of a product.
template <class Real>
struct GemmB {
  const Real* data = nullptr;
  std::size_t ld = 0;  ///< distance of rows; 0 if packed
};

template <class Real>
constexpr GemmB<Real> packed(const Real* data) {
  return {data, 0};
}

namespace detail {

/// Copies `rows` rows of up to kPanel columns side by side, filling up with zeros.
template <class Real>
void pack_panel(std::size_t rows, std::size_t columns, const Real* from, std::size_t ld, Real* to) noexcept {
  constexpr std::size_t W = kLanes<Real>;
  if (columns == kPanel<Real>) {
    for (std::size_t k = 0; k < rows; ++k, from += ld, to += kPanel<Real>) {
      simd::store(to, simd::load(from));
      simd::store(to + W, simd::load(from + W));
    }
    return;
  }
  const std::size_t first = std::min(W, columns);
  for (std::size_t k = 0; k < rows; ++k, from += ld, to += kPanel<Real>) {
    simd::store(to, simd::load_first(from, first));
    simd::store(to + W, simd::load_first(from + first, columns - first));
  }
}

}  // namespace detail

/// Packs B [K,N]: panel after panel, each [K, kPanel].
template <class Real>
void pack_b(std::size_t K, std::size_t N, const Real* b, std::size_t ldb, Real* packed) noexcept {
  constexpr std::size_t kRows = 16;  // at a time, so that few memory pages are open
  for (std::size_t k = 0; k < K; k += kRows) {
    for (std::size_t j = 0; j < N; j += kPanel<Real>) {
      detail::pack_panel(std::min(kRows, K - k), std::min(kPanel<Real>, N - j), b + k * ldb + j, ldb,
                         packed + j * K + k * kPanel<Real>);
    }
  }
}

/// Packs B [K,N] given as its transpose [N,K].
template <class Real>
void pack_bt(std::size_t K, std::size_t N, const Real* bt, std::size_t ldbt, Real* packed) noexcept {
  constexpr std::size_t kRows = 64;  // of a panel at a time: 8 KB, which stay in L1 while its columns are filled
  for (std::size_t j = 0; j < N; j += kPanel<Real>) {
    const std::size_t n = std::min(kPanel<Real>, N - j);
    for (std::size_t k0 = 0; k0 < K; k0 += kRows) {
      const std::size_t rows = std::min(kRows, K - k0);
      Real* to = packed + j * K + k0 * kPanel<Real>;
      if (n < kPanel<Real>) std::fill_n(to, rows * kPanel<Real>, Real{0});
      std::size_t i = 0;
      for (; i + 4 <= n; i += 4) {  // four columns at a time: one store where one column would take four
        const Real* from = bt + (j + i) * ldbt + k0;
        for (std::size_t k = 0; k < rows; ++k) {
          const Real four[4] = {from[k], from[k + ldbt], from[k + 2 * ldbt], from[k + 3 * ldbt]};
          std::copy_n(four, 4, to + k * kPanel<Real> + i);
        }
      }
      for (; i < n; ++i) {
        const Real* from = bt + (j + i) * ldbt + k0;
        for (std::size_t k = 0; k < rows; ++k) to[k * kPanel<Real> + i] = from[k];
      }
    }
  }
}

namespace detail {

/// Rows of a tile: with two registers a row they fill the register file but for B's two and one of A.
inline constexpr std::size_t kTileRows = kSimdRegisters == 32 ? 14 : 6;

/// Rows of B that stay in L1 with their panel: 256 · 32 · 4 bytes = 32 KB for AVX-512 floats.
inline constexpr std::size_t kBlockK = 256;

/// Rows of A that meet a block of B before the next: a multiple of both tile heights, so many that B comes seldom from
/// beyond L2, so few that the block of A (274 KB) stays there.
template <class Real>
inline constexpr std::size_t kBlockM = 252 * sizeof(float) / sizeof(Real);

/// The last block of rows may be a little higher, rather than leave a few rows for a block of their own.
template <class Real>
inline constexpr std::size_t kMaxBlockM = kBlockM<Real> + 14;

/// Panels from which on a block of A is copied together.
inline constexpr std::size_t kCopyPanels = 3;

/// Bytes between rows of A up to which they are read in place all the same: a tile of them spreads over the cache sets.
inline constexpr std::size_t kCloseRows = 256;

/// How the elements of A are found: (m, k) at row_start(m) + k, or at k·lda + m.
enum class Side { rows, columns };

/// One tile: Rows × (Registers · lanes) of C, over K steps of k. `first` and `last` say whether this is the first block
/// of k (start from bias or zero rather than from C) and the last (apply relu). The loops over rows and registers must
/// be unrolled whole, or the sums would not stay in registers.
template <class Real, std::size_t Rows, std::size_t Registers, Side side>
void gemm_tile(std::size_t K, const Real* __restrict a, std::size_t lda, const Real* __restrict b, Real* __restrict c,
               std::size_t ldc, std::size_t columns, const Real* bias, bool from_c, bool relu) noexcept {
  using V = Simd<Real>;
  constexpr std::size_t W = kLanes<Real>;
  constexpr std::size_t kLine = kAlignment / sizeof(Real);
  V sum[Rows][Registers];
  const std::size_t tail = columns - (Registers - 1) * W;
  const auto load_row = [tail](const Real* p, V* to) {
    if (Registers == 2) to[0] = simd::load(p);
    to[Registers - 1] =
        tail == W ? simd::load(p + (Registers - 1) * W) : simd::load_first(p + (Registers - 1) * W, tail);
  };

  if (from_c) {
#pragma GCC unroll 16
    for (std::size_t r = 0; r < Rows; ++r) load_row(c + r * ldc, sum[r]);
  } else {
    V start[Registers];
    if (bias != nullptr) {
      load_row(bias, start);
    } else {
#pragma GCC unroll 2
      for (std::size_t j = 0; j < Registers; ++j) start[j] = V(Real(0));
    }
#pragma GCC unroll 16
    for (std::size_t r = 0; r < Rows; ++r) {
#pragma GCC unroll 2
      for (std::size_t j = 0; j < Registers; ++j) sum[r][j] = start[j];
    }
  }

  // Rows are reached in threes from one pointer each: three rows fit the address modes of x86 (base, base + lda,
  // base + 2·lda), and fourteen pointers would not fit the registers.
  constexpr std::size_t kGroups = (Rows + 2) / 3;
  const Real* group[kGroups];
#pragma GCC unroll 16
  for (std::size_t g = 0; g < kGroups; ++g) group[g] = side == Side::rows ? a + 3 * g * lda : a + 3 * g;
  const std::size_t row_step = side == Side::rows ? lda : 1;
  const std::size_t k_step = side == Side::rows ? 1 : lda;
  for (std::size_t k = 0; k < K; ++k) {
    if (side == Side::rows) {
      // The rows of the next tile lie where no hardware prefetcher looks: one line a step, each line once.
      __builtin_prefetch(a + (Rows + k % kLine) * lda + k / kLine * kLine);
    }
    V panel[Registers];
#pragma GCC unroll 2
    for (std::size_t j = 0; j < Registers; ++j) panel[j] = simd::load(b + j * W);
#pragma GCC unroll 16
    for (std::size_t r = 0; r < Rows; ++r) {
      const V value(group[r / 3][(r % 3) * row_step]);
#pragma GCC unroll 2
      for (std::size_t j = 0; j < Registers; ++j) sum[r][j] = simd::fma(value, panel[j], sum[r][j]);
    }
    b += kPanel<Real>;
#pragma GCC unroll 16
    for (std::size_t g = 0; g < kGroups; ++g) group[g] += k_step;
  }

  const V zero(Real(0));
#pragma GCC unroll 16
  for (std::size_t r = 0; r < Rows; ++r) {
    if (relu) {
#pragma GCC unroll 2
      for (std::size_t j = 0; j < Registers; ++j) sum[r][j] = xsimd::select(sum[r][j] <= zero, zero, sum[r][j]);
    }
    Real* p = c + r * ldc;
    if (Registers == 2) simd::store(p, sum[r][0]);
    p += (Registers - 1) * W;
    if (tail == W) {
      simd::store(p, sum[r][Registers - 1]);
    } else {
      simd::store_first(p, sum[r][Registers - 1], tail);
    }
  }
}

template <class Real>
using GemmTile = void (*)(std::size_t, const Real*, std::size_t, const Real*, Real*, std::size_t, std::size_t,
                          const Real*, bool, bool) noexcept;

/// Tile of the given height, one that next_tile_rows gives.
template <class Real, std::size_t Registers, Side side>
GemmTile<Real> gemm_tile_of(std::size_t rows) noexcept {
  if (rows == kTileRows) return gemm_tile<Real, kTileRows, Registers, side>;
  if constexpr (kTileRows > 8) {
    if (rows == 8) return gemm_tile<Real, 8, Registers, side>;
    if (rows == 6) return gemm_tile<Real, 6, Registers, side>;
  }
  if (rows == 4) return gemm_tile<Real, 4, Registers, side>;
  if (rows == 2) return gemm_tile<Real, 2, Registers, side>;
  return gemm_tile<Real, 1, Registers, side>;
}

/// Height of the next tile when `left` rows are left: whole tiles, but rather two middling ones at the end than a whole
/// and a short one, whose few sums wait for each other.
inline std::size_t next_tile_rows(std::size_t left) noexcept {
  if constexpr (kTileRows > 8) {
    if (left >= 18 || left == kTileRows) return kTileRows;
    if (left > kTileRows || left == 13 || left == 9 || left == 8) return 8;
  } else if (left == 8) {
    return 4;
  }
  if (left >= 6) return 6;
  if (left >= 4) return 4;
  return left >= 2 ? 2 : 1;
}

/// Copies a block of A: element (m, k) to block[m·kBlockRow + k], or to block[k·kBlockColumn + m].
inline constexpr std::size_t kBlockRow = kBlockK + 16;
template <class Real>
inline constexpr std::size_t kBlockColumn = kMaxBlockM<Real> + 6;

template <class Real, Side side>
void copy_block(std::size_t M, std::size_t K, const Real* a, std::size_t lda, Real* block) noexcept {
  const std::size_t lines = side == Side::rows ? M : K;
  const std::size_t length = side == Side::rows ? K : M;
  const std::size_t stride = side == Side::rows ? kBlockRow : kBlockColumn<Real>;
  for (std::size_t i = 0; i < lines; ++i) {
    simd::map(length, a + i * lda, block + i * stride, [](const Simd<Real>& v) { return v; });
  }
}

/// Rows up to which a plain B is read as it lies: packing it would take longer than the product.
inline constexpr std::size_t kFewRows = 3;

/// One row of C from a plain B, Registers registers at a time. Adds in the order of gemm_tile, so that the bits are the
/// same. A wide B comes from far away, its rows on different pages, so rows to come are prefetched.
template <class Real, std::size_t Registers>
void row_times_matrix(std::size_t K, const Real* a, std::size_t a_step, const Real* b, std::size_t ldb, Real* c,
                      std::size_t columns, const GemmFinish<Real>& finish, const Real* bias) noexcept {
  using V = Simd<Real>;
  constexpr std::size_t W = kLanes<Real>;
  constexpr std::size_t kAhead = 6;
  const std::size_t tail = columns - (Registers - 1) * W;
  const auto load = [tail](const Real* p, std::size_t i) {
    return i + 1 < Registers || tail == W ? simd::load(p + i * W) : simd::load_first(p + i * W, tail);
  };
  V sum[Registers];
#pragma GCC unroll 16
  for (std::size_t i = 0; i < Registers; ++i) {
    sum[i] = finish.accumulate ? load(c, i) : bias != nullptr ? load(bias, i) : V(Real(0));
  }
  for (std::size_t k = 0; k < K; ++k) {
    const V value(a[k * a_step]);
    const Real* row = b + k * ldb;
#pragma GCC unroll 16
    for (std::size_t i = 0; i < Registers; ++i) {
      if (Registers == kSimdRegisters / 2) __builtin_prefetch(row + kAhead * ldb + i * W);
      sum[i] = simd::fma(value, load(row, i), sum[i]);
    }
  }
#pragma GCC unroll 16
  for (std::size_t i = 0; i < Registers; ++i) {
    if (finish.activation == Activation::relu) sum[i] = xsimd::select(sum[i] <= V(Real(0)), V(Real(0)), sum[i]);
    if (i + 1 < Registers || tail == W) {
      simd::store(c + i * W, sum[i]);
    } else {
      simd::store_first(c + i * W, sum[i], tail);
    }
  }
}

template <class Real>
void rows_times_matrix(std::size_t M, std::size_t N, std::size_t K, const Real* a, std::size_t a_row,
                       std::size_t a_step, GemmB<Real> b, Real* c, std::size_t ldc,
                       const GemmFinish<Real>& finish) noexcept {
  constexpr std::size_t kWide = kSimdRegisters / 2 * kLanes<Real>;
  for (std::size_t m = 0; m < M; ++m, a += a_row, c += ldc) {
    std::size_t j = 0;
    const auto bias = [&] { return finish.bias == nullptr ? nullptr : finish.bias + j; };
    for (; j + kWide <= N; j += kWide) {
      row_times_matrix<Real, kSimdRegisters / 2>(K, a, a_step, b.data + j, b.ld, c + j, kWide, finish, bias());
    }
    for (; j + kWide / 2 <= N; j += kWide / 2) {
      row_times_matrix<Real, kSimdRegisters / 4>(K, a, a_step, b.data + j, b.ld, c + j, kWide / 2, finish, bias());
    }
    for (; j < N; j += kLanes<Real>) {
      row_times_matrix<Real, 1>(K, a, a_step, b.data + j, b.ld, c + j, std::min(kLanes<Real>, N - j), finish, bias());
    }
    if (finish.activation != Activation::linear && finish.activation != Activation::relu) {
      activate(finish.activation, N, c, c);
    }
  }
}

template <class Real, Side side>
void gemm(std::size_t M, std::size_t N, std::size_t K, const Real* a, std::size_t lda, GemmB<Real> b, Real* c,
          std::size_t ldc, const GemmFinish<Real>& finish) noexcept {
  constexpr std::size_t W = kLanes<Real>;
  if (K == 0) {  // A has no element and may be null, which no address may be counted from
    a = c;
    lda = 0;
  }
  const bool relu = finish.activation == Activation::relu;
  const bool packs = b.ld != 0 && !(b.ld == kPanel<Real> && N == kPanel<Real>);
  if (packs && M <= kFewRows) {
    return rows_times_matrix(M, N, K, a, side == Side::rows ? lda : 1, side == Side::rows ? 1 : lda, b, c, ldc, finish);
  }
  // Rows that overlap or lie side by side need no copying together.
  const bool together = side == Side::rows && (lda < K || lda <= kCloseRows / sizeof(Real));
  const bool copies = N > (kCopyPanels - 1) * kPanel<Real> && M > kTileRows && !together;
  alignas(kAlignment) Real panel[kBlockK * kPanel<Real>];
  alignas(kAlignment) Real block[std::max(kMaxBlockM<Real> * kBlockRow, kBlockK * kBlockColumn<Real>)];
  for (std::size_t m0 = 0, m_count = 0; m0 < M; m0 += m_count) {
    m_count = M - m0 <= kMaxBlockM<Real> ? M - m0 : kBlockM<Real>;
    for (std::size_t k0 = 0; k0 < K || k0 == 0; k0 += kBlockK) {
      const std::size_t k_count = std::min(kBlockK, K - k0);
      const bool from_c = finish.accumulate || k0 > 0;
      const bool last = k0 + kBlockK >= K;
      const Real* a_block = side == Side::rows ? a + m0 * lda + k0 : a + k0 * lda + m0;
      std::size_t ld_block = lda;
      if (copies) {
        copy_block<Real, side>(m_count, k_count, a_block, lda, block);
        a_block = block;
        ld_block = side == Side::rows ? kBlockRow : kBlockColumn<Real>;
      }
      for (std::size_t j = 0; j < N; j += kPanel<Real>) {
        const std::size_t columns = std::min(kPanel<Real>, N - j);
        const Real* b_block = b.data + j * K + k0 * kPanel<Real>;
        if (packs) {
          pack_panel(k_count, columns, b.data + k0 * b.ld + j, b.ld, panel);
          b_block = panel;
        }
        const Real* bias = finish.bias == nullptr ? nullptr : finish.bias + j;
        for (std::size_t m = 0; m < m_count;) {
          const std::size_t rows = next_tile_rows(m_count - m);
          const auto tile = columns > W ? gemm_tile_of<Real, 2, side>(rows) : gemm_tile_of<Real, 1, side>(rows);
          tile(k_count, a_block + (side == Side::rows ? m * ld_block : m), ld_block, b_block, c + (m0 + m) * ldc + j,
               ldc, columns, bias, from_c, relu && last);
          m += rows;
        }
      }
    }
    if (finish.activation != Activation::linear && !relu) {
      for (std::size_t m = m0; m < m0 + m_count; ++m) activate(finish.activation, N, c + m * ldc, c + m * ldc);
    }
  }
}

}  // namespace detail

/// C = A·B.
template <class Real>
void gemm(std::size_t M, std::size_t N, std::size_t K, const Real* a, std::size_t lda, GemmB<Real> b, Real* c,
          std::size_t ldc, const GemmFinish<Real>& finish = {}) noexcept {
  detail::gemm<Real, detail::Side::rows>(M, N, K, a, lda, b, c, ldc, finish);
}

/// C = Aᵀ·B with A [K,M].
template <class Real>
void gemm_at(std::size_t M, std::size_t N, std::size_t K, const Real* a, std::size_t lda, GemmB<Real> b, Real* c,
             std::size_t ldc, const GemmFinish<Real>& finish = {}) noexcept {
  detail::gemm<Real, detail::Side::columns>(M, N, K, a, lda, b, c, ldc, finish);
}

}  // namespace seqnn::inline SEQNN_ABI
