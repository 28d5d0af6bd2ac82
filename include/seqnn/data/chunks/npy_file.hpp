#pragma once

#include "seqnn/core/error.hpp"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The one place that knows where xtensor keeps its reader of .npy files, and how it is called: `load_npy` reads whole
// files of one element type into an array of its own, where the header alone is wanted first, and then the values in a
// place of ours.
#if __has_include(<xtensor/io/xnpy.hpp>)
#include <xtensor/io/xnpy.hpp>
#else
#include <xtensor/xnpy.hpp>
#endif

namespace seqnn::inline SEQNN_ABI {

/// An array in a file of NumPy: its shape, and its values converted to another type.
class NpyFile {
 public:
  /// Reads the header. @throws FileError if there is no such file, it is no .npy file, or cut off
  SEQNN_COLD explicit NpyFile(std::string path) : path_(std::move(path)), file_(path_, std::ios::binary) {
    if (!file_) throw FileError(text(path_, ": must be a readable file, got none; check the path"));
    bool fortran_order = false;
    try {
      read_header(fortran_order);
    } catch (const std::runtime_error& error) {
      throw FileError(text(path_, ": must be an .npy file, got something else (", error.what(), ')'));
    }
    if (fortran_order && shape_.size() > 1) {
      throw FileError(text(path_, ": must be in row-major order, got Fortran order; save np.ascontiguousarray(x)"));
    }
    word_ = word_size();
    begin_ = file_.tellg();
    file_.seekg(0, std::ios::end);
    const auto there = static_cast<std::size_t>(file_.tellg() - begin_);
    if (there != size() * word_) {
      throw FileError(text(path_, ": must have ", size() * word_, " bytes of values of shape ", shape_, ", got ", there,
                           "; the file is cut off or damaged, write it again"));
    }
  }

  const std::string& path() const { return path_; }
  const Shape& shape() const { return shape_; }
  std::size_t size() const { return element_count(shape_); }

  /// Writes all values, converted. @throws FileError, for integers also if a value is none
  template <class T>
  void read(std::span<T> to) {
    file_.seekg(begin_);
    if (type_ == xt::detail::build_typestring<T>()) {
      get(reinterpret_cast<char*>(to.data()), to.size_bytes());
      return;
    }
    const char* const type = type_.c_str() + 1;
    if (is(type, "f4")) return convert<float>(to);
    if (is(type, "f8")) return convert<double>(to);
    if (is(type, "i4")) return convert<std::int32_t>(to);
    if (is(type, "i8")) return convert<std::int64_t>(to);
    convert<std::uint8_t>(to);  // u1, b1
  }

 private:
  static bool is(const char* type, const char* other) { return std::string_view(type) == other; }

  SEQNN_COLD void read_header(bool& fortran_order) {
    unsigned char major = 0;
    unsigned char minor = 0;
    xt::detail::read_magic(file_, &major, &minor);
    if (file_.peek() == std::ifstream::traits_type::eof()) throw std::runtime_error("it ends in the header");
    const std::string header = major == 1 ? xt::detail::read_header_1_0(file_) : xt::detail::read_header_2_0(file_);
    if (!file_ || header.empty()) throw std::runtime_error("it ends in the header");
    xt::detail::parse_header(header, type_, &fortran_order, shape_);
  }

  SEQNN_COLD std::size_t word_size() const {
    for (const auto& [name, bytes] : {std::pair("f4", 4U), std::pair("f8", 8U), std::pair("i4", 4U),
                                      std::pair("i8", 8U), std::pair("u1", 1U), std::pair("b1", 1U)}) {
      const char order = bytes == 1 ? '|' : '<';
      if (type_ == order + std::string(name)) return bytes;
    }
    throw FileError(text(path_, ": must hold numbers of type <f4, <f8, <i4, <i8, |u1 or |b1, got ", type_,
                         "; save x.astype('<f4')"));
  }

  void get(char* to, std::size_t bytes) {
    file_.read(to, static_cast<std::streamsize>(bytes));
    if (!file_) throw FileError(text(path_, ": must have ", bytes, " more bytes, got fewer; check the disk"));
  }

  template <class From, class T>
  void convert(std::span<T> to) {
    std::vector<From> block(std::min<std::size_t>(to.size(), 8192));
    for (std::size_t i = 0; i < to.size(); i += block.size()) {
      const std::size_t n = std::min(block.size(), to.size() - i);
      get(reinterpret_cast<char*>(block.data()), n * sizeof(From));
      for (std::size_t k = 0; k < n; ++k) {
        if constexpr (std::integral<T> && sizeof(From) > 1) check_integer<T>(block[k], i + k);
        to[i + k] = static_cast<T>(block[k]);
      }
    }
  }

  template <class T, class From>
  void check_integer(From value, std::size_t i) const {
    const auto number = static_cast<double>(value);
    if (std::fabs(number) <= double{std::numeric_limits<T>::max()} && number == std::floor(number)) return;
    throw FileError(text(path_, ": must hold 32-bit integers, got ", value, " as value ", i,
                         "; token ids and class indices count from 0"));
  }

  std::string path_;
  std::ifstream file_;
  std::string type_;  // "<f4": byte order, kind and bytes
  Shape shape_;
  std::size_t word_ = 0;
  std::ifstream::pos_type begin_;
};

}  // namespace seqnn::inline SEQNN_ABI
