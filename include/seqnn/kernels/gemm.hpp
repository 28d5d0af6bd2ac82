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
// C stays in registers while k runs: kTileRows rows by one panel, or, where two panels are left and the registers
// allow, kWideRows rows by two, which takes fewer instructions a multiply-add. A block of B (32 KB: kBlockK rows of one
// panel or half as many of two) stays in L1 while it meets a block of A (252 KB), which stays in L2 while it meets the
// panels of B; meanwhile the next block of a packed B is fetched into L2. A is read in place, except for Aᵀ with many
// panels, whose rows at power-of-two distances would fall into the same few cache sets: a block of it is first copied
// together.

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

/// Rows of B that stay in L1 with their panel, half as many with two: 256 · 32 · 4 bytes = 32 KB for AVX-512 floats.
inline constexpr std::size_t kBlockK = 256;

/// Rows of A that meet a block of B before the next. The block of A is kBlockM × kBlockK or, where K is larger, half as
/// high and twice as long, so that C passes less often; both heights are multiples of those of tiles. It stays in L2.
template <class Real>
inline constexpr std::size_t kBlockM = sizeof(Real) == sizeof(float) ? 252 : 168;

/// The last block of rows may be so much higher, rather than leave a few rows for a block of their own.
inline constexpr std::size_t kExtraM = 14;

/// Panels from which on a block of Aᵀ is copied together, and the rows of it that are copied at once.
inline constexpr std::size_t kCopyPanels = 3;
inline constexpr std::size_t kCopyK = kSimdRegisters == 32 ? kBlockK / 2 : kBlockK;

/// Bytes of A or C beyond which they will not be found in L2 and are fetched.
inline constexpr std::size_t kFar = std::size_t{1} << 20;

/// How the elements of A are found: (m, k) at row_start(m) + k, or at k·lda + m.
enum class Side { rows, columns };

/// A block of the product: rows of A by one panel of B or two, over some of k.
template <class Real>
struct GemmBlock {
  std::size_t K;  ///< steps of k
  const Real* a;
  std::size_t lda;
  const Real* b;
  std::size_t panel_step;  ///< from a panel of B to the next
  Real* c;
  std::size_t ldc;
  std::size_t columns;     ///< of C
  const Real* bias;        ///< of the first column, or null
  bool from_c;             ///< start from C rather than from bias or zero
  bool relu;               ///< apply it at the end
  bool fetch_a;            ///< A comes from beyond L2
  bool fetch_c;            ///< C too
  const Real* next;        ///< the block of B to fetch meanwhile,
  std::size_t next_share;  ///< so many numbers in a step of k
};

/// One tile, Rows × (Registers · lanes) of C. The loops over rows and registers must be unrolled whole, or the sums
/// would not stay in registers.
template <class Real, std::size_t Rows, std::size_t Registers, Side side>
SEQNN_INLINE void gemm_tile(const GemmBlock<Real>& block, const Real* __restrict a, Real* __restrict c,
                            const Real* next) noexcept {
  using V = Simd<Real>;
  constexpr std::size_t W = kLanes<Real>;
  constexpr std::size_t kLine = kAlignment / sizeof(Real);
  const std::size_t K = block.K;
  const std::size_t lda = block.lda;
  const std::size_t ldc = block.ldc;
  const Real* __restrict b = block.b;
  V sum[Rows][Registers];
  const std::size_t tail = block.columns - (Registers - 1) * W;
  const auto load_row = [tail](const Real* p, V* to) {
#pragma GCC unroll 4
    for (std::size_t j = 0; j + 1 < Registers; ++j) to[j] = simd::load(p + j * W);
    p += (Registers - 1) * W;
    to[Registers - 1] = !simd::kHasMasks && tail == W ? simd::load(p) : simd::load_first(p, tail);
  };

  if (block.from_c) {
#pragma GCC unroll 16
    for (std::size_t r = 0; r < Rows; ++r) load_row(c + r * ldc, sum[r]);
  } else {
    V start[Registers];
    if (block.bias != nullptr) {
      load_row(block.bias, start);
    } else {
#pragma GCC unroll 4
      for (std::size_t j = 0; j < Registers; ++j) start[j] = V(Real(0));
    }
#pragma GCC unroll 16
    for (std::size_t r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
      for (std::size_t j = 0; j < Registers; ++j) sum[r][j] = start[j];
    }
  }

  constexpr bool wide = Registers > 2;
  if (wide && side == Side::rows && block.fetch_a) {
    for (std::size_t r = Rows; r < 2 * Rows; ++r) {
      for (std::size_t k = 0; k < K; k += kLine) __builtin_prefetch(a + r * lda + k);
    }
  }
  if (wide && block.fetch_c) {
    for (std::size_t r = 0; r < Rows; ++r) {
      for (std::size_t j = 0; j < Registers; ++j) __builtin_prefetch(c + r * ldc + j * W, 1);
    }
  }
  // Many rows are reached in threes from one pointer each: three rows fit the address modes of x86 (base, base + lda,
  // base + 2·lda), and fourteen pointers would not fit the registers.
  constexpr std::size_t kGroup = wide ? 1 : 3;
  constexpr std::size_t kGroups = (Rows + kGroup - 1) / kGroup;
  const Real* group[kGroups];
#pragma GCC unroll 16
  for (std::size_t g = 0; g < kGroups; ++g) group[g] = side == Side::rows ? a + kGroup * g * lda : a + kGroup * g;
  const std::size_t row_step = side == Side::rows ? lda : 1;
  const std::size_t k_step = side == Side::rows ? 1 : lda;
  for (std::size_t k = 0; k < K; ++k) {
    if (wide) {
      __builtin_prefetch(next, 0, 2);
      next += block.next_share;
    } else if (side == Side::rows) {
      // The rows of the next tile lie where no hardware prefetcher looks: one line a step, each line once.
      __builtin_prefetch(a + (Rows + k % kLine) * lda + k / kLine * kLine);
    }
    V panel[Registers];
#pragma GCC unroll 4
    for (std::size_t j = 0; j < Registers; ++j) panel[j] = simd::load(b + j / 2 * block.panel_step + j % 2 * W);
#pragma GCC unroll 16
    for (std::size_t r = 0; r < Rows; ++r) {
      const V value(group[r / kGroup][(r % kGroup) * row_step]);
#pragma GCC unroll 4
      for (std::size_t j = 0; j < Registers; ++j) sum[r][j] = simd::fma(value, panel[j], sum[r][j]);
    }
    b += kPanel<Real>;
#pragma GCC unroll 16
    for (std::size_t g = 0; g < kGroups; ++g) group[g] += k_step;
  }

  if (block.relu) {
    const V zero(Real(0));
#pragma GCC unroll 16
    for (std::size_t r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
      for (std::size_t j = 0; j < Registers; ++j) sum[r][j] = xsimd::select(sum[r][j] <= zero, zero, sum[r][j]);
    }
  }
#pragma GCC unroll 16
  for (std::size_t r = 0; r < Rows; ++r, c += ldc) {
#pragma GCC unroll 4
    for (std::size_t j = 0; j + 1 < Registers; ++j) simd::store(c + j * W, sum[r][j]);
    Real* p = c + (Registers - 1) * W;
    if (!simd::kHasMasks && tail == W) {
      simd::store(p, sum[r][Registers - 1]);
    } else {
      simd::store_first(p, sum[r][Registers - 1], tail);
    }
  }
}

/// `count` tiles below each other, from row m of the block on. Those of even number fetch from the first panel of the
/// next block of B, the others from the second.
template <class Real, std::size_t Rows, std::size_t Registers, Side side>
void gemm_tiles(const GemmBlock<Real>& block, std::size_t m, std::size_t count) noexcept {
  const Real* a = block.a + (side == Side::rows ? m * block.lda : m);
  Real* c = block.c + m * block.ldc;
  for (std::size_t tile = m / Rows; count > 0; ++tile, --count) {
    const Real* next = block.next + tile % 2 * block.panel_step + tile / 2 * block.next_share * block.K;
    gemm_tile<Real, Rows, Registers, side>(block, a, c, next);
    a += side == Side::rows ? Rows * block.lda : Rows;
    c += Rows * block.ldc;
  }
}

template <class Real>
using GemmTiles = void (*)(const GemmBlock<Real>&, std::size_t, std::size_t) noexcept;

/// Tiles of the given height, one that next_tile_rows gives.
template <class Real, std::size_t Registers, Side side>
GemmTiles<Real> gemm_tiles_of(std::size_t rows) noexcept {
  if (rows == kTileRows) return gemm_tiles<Real, kTileRows, Registers, side>;
  if constexpr (kTileRows > 8) {
    if (rows == 8) return gemm_tiles<Real, 8, Registers, side>;
    if (rows == 6) return gemm_tiles<Real, 6, Registers, side>;
  }
  if (rows == 4) return gemm_tiles<Real, 4, Registers, side>;
  if (rows == 2) return gemm_tiles<Real, 2, Registers, side>;
  return gemm_tiles<Real, 1, Registers, side>;
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

/// Wide tiles, two panels at once: 40 instructions for 24 multiply-adds where a tile of one panel takes 58 for 28,
/// which counts where two hardware threads share a core's front end. Only 32 registers hold the sums of enough rows.
inline constexpr bool kHasWideTiles = kSimdRegisters == 32;
inline constexpr std::size_t kWideRows = 6;

/// Rows up to which the panels of a plain B are taken one by one: packing them takes so long that each should be used
/// while it is in L1.
inline constexpr std::size_t kFewWideRows = 64;

template <class Real, Side side>
GemmTiles<Real> wide_tiles_of(std::size_t rows) noexcept {
  if (rows == kWideRows) return gemm_tiles<Real, kWideRows, 4, side>;
  return rows == 2 ? gemm_tiles<Real, 2, 4, side> : gemm_tiles<Real, 1, 4, side>;
}

inline std::size_t next_wide_rows(std::size_t left) noexcept {
  return left >= kWideRows ? kWideRows : left >= 2 ? 2 : 1;
}

/// A block with M rows of A; wide if with two panels of B.
template <class Real, Side side>
void gemm_block(const GemmBlock<Real>& block, std::size_t M, bool wide) noexcept {
  std::size_t m = 0;
  if constexpr (kHasWideTiles) {
    while (wide && m < M) {
      const std::size_t rows = next_wide_rows(M - m);
      const std::size_t count = (M - m) / rows;
      wide_tiles_of<Real, side>(rows)(block, m, count);
      m += count * rows;
    }
  }
  while (m < M) {
    const std::size_t rows = next_tile_rows(M - m);
    const bool two = block.columns > kLanes<Real>;
    (two ? gemm_tiles_of<Real, 2, side>(rows) : gemm_tiles_of<Real, 1, side>(rows))(block, m, 1);
    m += rows;
  }
}

/// Columns of a copied block of Aᵀ: element (m, k) lies at k·kCopyRow + m.
template <class Real>
inline constexpr std::size_t kCopyRow = kBlockM<Real> + kExtraM + 6;

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
  const bool copies = side == Side::columns && N > (kCopyPanels - 1) * kPanel<Real> && M > kTileRows;
  const bool wides = kHasWideTiles && !(packs && M <= kFewWideRows);
  const std::size_t rows_of_block = packs || copies || K <= kBlockK ? kBlockM<Real> : kBlockM<Real> / 2;
  const std::size_t k_of_block = copies ? kCopyK : 2 * kBlockK;
  const bool far_a = side == Side::rows && M * K * sizeof(Real) > kFar;
  const bool far_c = !finish.accumulate && M * N * sizeof(Real) > kFar;
  alignas(kAlignment) Real panel[kBlockK * kPanel<Real>];
  alignas(kAlignment) Real copy[side == Side::columns ? kCopyK * kCopyRow<Real> : 1];
  for (std::size_t m0 = 0, m_count = 0; m0 < M; m0 += m_count) {
    m_count = M - m0 <= rows_of_block + kExtraM ? M - m0 : rows_of_block;
    const std::size_t pairs = m_count / (2 * kWideRows) + 1;
    const std::size_t share = (kPanel<Real> + pairs - 1) / pairs;
    for (std::size_t k_first = 0; k_first < K || k_first == 0; k_first += k_of_block) {
      const std::size_t k_end = std::min(K, k_first + k_of_block);
      const Real* a_block = a + (side == Side::rows ? m0 * lda + k_first : k_first * lda + m0);
      std::size_t ld_block = lda;
      if (copies) {
        for (std::size_t k = k_first; k < k_end; ++k) {
          simd::map(m_count, a + k * lda + m0, copy + (k - k_first) * kCopyRow<Real>, [](const auto& v) { return v; });
        }
        a_block = copy;
        ld_block = kCopyRow<Real>;
      }
      for (std::size_t j = 0, columns = 0; j < N; j += columns) {
        const bool wide = wides && N - j > 3 * W;
        const std::size_t k_step = wide ? kBlockK / 2 : kBlockK;
        columns = std::min((wide ? 2 : 1) * kPanel<Real>, N - j);
        for (std::size_t k = k_first; k < k_end || k == 0; k += k_step) {
          const Real* b_block = b.data + j * K + k * kPanel<Real>;
          GemmBlock<Real> block{.K = std::min(k_step, k_end - k),
                                .a = a_block + (k - k_first) * (side == Side::rows ? 1 : ld_block),
                                .lda = ld_block,
                                .b = b_block,
                                .panel_step = K * kPanel<Real>,
                                .c = c + m0 * ldc + j,
                                .ldc = ldc,
                                .columns = columns,
                                .bias = finish.bias == nullptr ? nullptr : finish.bias + j,
                                .from_c = finish.accumulate || k > 0,
                                .relu = relu && k + k_step >= K,
                                .fetch_a = far_a && j == 0,
                                .fetch_c = far_c && k == 0,
                                .next = b_block,
                                .next_share = 0};
          if (packs) {
            block.b = block.next = panel;
            block.panel_step = block.K * kPanel<Real>;
            for (std::size_t i = 0; i < columns; i += kPanel<Real>) {
              pack_panel(block.K, std::min(kPanel<Real>, columns - i), b.data + k * b.ld + j + i, b.ld,
                         panel + i * block.K);
            }
          } else if (wide) {
            const bool below = k + k_step < k_end;
            block.next = below ? b_block + k_step * kPanel<Real> : b.data + (j + columns) * K + k_first * kPanel<Real>;
            block.next_share = share;
          }
          gemm_block<Real, side>(block, m_count, wide);
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
