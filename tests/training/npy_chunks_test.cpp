#include "seqnn/data/chunks/npy_chunks.hpp"

#include "support/array_dataset.hpp"
#include "support/catch.hpp"
#include "support/small_models.hpp"
#include "support/temporary_folder.hpp"
#include "support/values.hpp"

#include <complex>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

using namespace seqnn;
using Catch::Matchers::Message;

namespace {

std::string content(const std::string& path) {
  std::ostringstream all;
  all << std::ifstream(path, std::ios::binary).rdbuf();
  return all.str();
}

/// The values of a file as T.
template <class T>
std::vector<T> values(const std::string& path) {
  NpyFile file(path);
  std::vector<T> result(file.size());
  file.read(std::span(result));
  return result;
}

template <class E>
std::string save(const TemporaryFolder& folder, const char* name, const E& array) {
  const std::string path = folder / name;
  xt::dump_npy(path, array);
  return path;
}

}  // namespace

TEST_CASE("A file of NumPy is read with its shape, as the type asked for", "[training][chunks]") {
  const TemporaryFolder folder;
  const Tensor<float, 2> x = {{1, 2.5F, -3}, {4, 5, 6}};
  const std::string path = save(folder, "x.npy", x);
  CHECK(NpyFile(path).shape() == Shape{2, 3});
  CHECK(values<float>(path) == std::vector<float>{1, 2.5F, -3, 4, 5, 6});
  CHECK(values<double>(path) == std::vector<double>{1, 2.5, -3, 4, 5, 6});
  CHECK(values<float>(save(folder, "d.npy", Tensor<double, 1>{0.1, 2})) == std::vector<float>{0.1F, 2});
  CHECK(values<float>(save(folder, "l.npy", Tensor<std::int64_t, 1>{-7, 8})) == std::vector<float>{-7, 8});
  CHECK(values<std::int32_t>(save(folder, "m.npy", Tensor<std::int64_t, 1>{-7, 8})) ==
        std::vector<std::int32_t>{-7, 8});
  CHECK(values<std::int32_t>(save(folder, "i.npy", Tensor<int, 1>{3})) == std::vector<std::int32_t>{3});
  CHECK(values<std::int32_t>(save(folder, "f.npy", Tensor<float, 1>{3})) == std::vector<std::int32_t>{3});
  CHECK(values<double>(save(folder, "b.npy", Tensor<bool, 1>{true, false})) == std::vector<double>{1, 0});
  CHECK(values<float>(save(folder, "u.npy", Tensor<unsigned char, 1>{255})) == std::vector<float>{255});
  // A file written by NumPy 1.24: np.save("n.npy", np.array([[1, 2]], "<f4")).
  const std::string head = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }";
  std::string file("\x93NUMPY\x01\x00\x76\x00", 10);
  file += head + std::string(117 - head.size(), ' ') + '\n' + std::string("\0\0\x80?\0\0\0@", 8);
  CHECK(values<float>(folder.write("n.npy", file)) == std::vector<float>{1, 2});
  // More values than are converted at a time.
  const auto many = Tensor<double, 1>(xt::arange<double>(20'000));
  const auto back = values<float>(save(folder, "many.npy", many));
  CHECK(first_difference(back, many) == -1);
}

TEST_CASE("A file that is not the expected array is an error with its name", "[training][chunks]") {
  const TemporaryFolder folder;
  const auto check = [&](const std::string& name, const std::string& message) {
    CAPTURE(name);
    CHECK_THROWS_MATCHES(NpyFile(folder / name), FileError, Message(folder / name + message));
  };
  check("none.npy", ": must be a readable file, got none; check the path");
  folder.write("text.npy", "1, 2, 3, 4, 5, 6");
  check("text.npy", ": must be an .npy file, got something else (this file do not have a valid npy format.)");
  folder.write("empty.npy", "");
  check("empty.npy", ": must be an .npy file, got something else (io error: failed reading file)");
  const std::string whole = content(save(folder, "x.npy", Tensor<float, 2>{{1, 2, 3}}));
  folder.write("head.npy", whole.substr(0, 40));
  check("head.npy", ": must be an .npy file, got something else (it ends in the header)");
  folder.write("magic.npy", whole.substr(0, 8));
  check("magic.npy", ": must be an .npy file, got something else (it ends in the header)");
  folder.write("cut.npy", whole.substr(0, whole.size() - 5));
  check("cut.npy",
        ": must have 12 bytes of values of shape (1, 3), got 7; the file is cut off or damaged, write it again");
  folder.write("long.npy", whole + "more");
  check("long.npy",
        ": must have 12 bytes of values of shape (1, 3), got 16; the file is cut off or damaged, write it again");
  save(folder, "complex.npy", Tensor<std::complex<float>, 1>{{1, 2}});
  check("complex.npy", ": must hold numbers of type <f4, <f8, <i4, <i8, |u1 or |b1, got <c8; save x.astype('<f4')");
  std::string big = whole;
  big[big.find('<')] = '>';
  folder.write("big.npy", big);
  check("big.npy", ": must hold numbers of type <f4, <f8, <i4, <i8, |u1 or |b1, got >f4; save x.astype('<f4')");
  std::string fortran = whole;
  fortran.replace(fortran.find("False"), 5, "True ");
  folder.write("fortran.npy", fortran);
  check("fortran.npy", ": must be in row-major order, got Fortran order; save np.ascontiguousarray(x)");

  const std::string half = save(folder, "half.npy", Tensor<double, 1>{1, 0.5});
  CHECK_THROWS_MATCHES(values<std::int32_t>(half), FileError,
                       Message(half + ": must hold 32-bit integers, got 0.5 as value 1; token ids and class indices "
                                      "count from 0"));
  const std::string wide = save(folder, "wide.npy", Tensor<std::int64_t, 1>{std::int64_t{1} << 40});
  CHECK_THROWS_MATCHES(values<std::int32_t>(wide), FileError,
                       Message(wide + ": must hold 32-bit integers, got 1099511627776 as value 0; token ids and class "
                                      "indices count from 0"));
}

TEST_CASE("Pairs of files of NumPy train like the arrays in them", "[training][chunks][threads]") {
  const TemporaryFolder folder;
  const Reviews data(40);
  std::vector<NpyPair> files;
  for (std::size_t begin = 0; begin < 40; begin += 15) {
    const std::size_t n = std::min<std::size_t>(15, 40 - begin);
    auto x = Tensor<std::int64_t, 2>::from_shape({n, kTime});
    auto y = Tensor<double, 2>::from_shape({n, 1});
    std::copy_n(data.x.data() + begin * kTime, x.size(), x.data());
    std::copy_n(data.y.data() + begin, n, y.data());
    files.push_back(
        {save(folder, text("x_", begin, ".npy").c_str(), x), save(folder, text("y_", begin, ".npy").c_str(), y)});
  }
  const auto trained = [](auto&&... source) {
    auto model = small_convnet();
    model.compile(Adam(), BinaryCrossentropy({.from_logits = true}), {BinaryAccuracy()});
    const History history = model.fit(
        source..., {.epochs = 2, .batch_size = 8, .shuffle = false, .verbose = Verbose::silent, .threads = 2});
    return std::pair(all_weights(model), history["loss"]);
  };
  const NpyChunks<std::int32_t, float> chunks(files);
  CHECK(chunks.size() == 40);
  CHECK(chunks.chunks() == 3);
  CHECK(chunks.x_shape() == Shape{kTime});
  CHECK(chunks.y_shape() == Shape{1});
  CHECK(trained(chunks) == trained(data.x, data.y));
}

TEST_CASE("Pairs of files must go together", "[training][chunks]") {
  const TemporaryFolder folder;
  const std::string x = save(folder, "x.npy", Tensor<float, 2>{{1, 2}, {3, 4}});
  const std::string y = save(folder, "y.npy", Tensor<float, 1>{1, 2});
  const std::string three = save(folder, "three.npy", Tensor<float, 1>{1, 2, 3});
  const std::string wide = save(folder, "wide.npy", Tensor<float, 2>{{1, 2, 3}, {4, 5, 6}});
  const std::string none = save(folder, "none.npy", Tensor<float, 2>::from_shape({0, 2}));
  using Chunks = NpyChunks<float>;
  CHECK_NOTHROW(Chunks({{x, y}, {x, y}}));
  CHECK_THROWS_MATCHES(Chunks({{x, three}}), ShapeError,
                       Message(three + ": must have as many samples as " + x + ", 2, got shape (3,)"));
  CHECK_THROWS_MATCHES(Chunks({{x, y}, {wide, y}}), ShapeError,
                       Message(wide + ": samples must be (2,) as in " + x + ", got shape (2, 3)"));
  CHECK_THROWS_MATCHES(Chunks({{x, y}, {x, wide}}), ShapeError,
                       Message(wide + ": samples must be () as in " + y + ", got shape (2, 3)"));
  CHECK_THROWS_MATCHES(Chunks({{none, y}}), ShapeError,
                       Message(none + ": must have at least one sample, got shape (0, 2)"));
}

TEST_CASE("A file that changes or goes is an error of the training", "[training][chunks]") {
  const TemporaryFolder folder;
  const std::string x = save(folder, "x.npy", Tensor<float, 2>{{1}, {2}});
  const std::string y = save(folder, "y.npy", Tensor<float, 1>{1, 2});
  const std::string last = save(folder, "last.npy", Tensor<float, 2>{{1}, {2}});
  const NpyChunks<float> chunks({{x, y}, {last, y}});
  save(folder, "last.npy", Tensor<float, 2>{{1}});
  auto model = line();
  CHECK_THROWS_WITH(model.fit(chunks, {.verbose = Verbose::silent}),
                    last +
                        ": must have 2 values as when the data set was made, got 1; do not write files that are "
                        "being read");
  std::filesystem::remove(last);
  CHECK_THROWS_WITH(model.fit(chunks, {.verbose = Verbose::silent}),
                    last + ": must be a readable file, got none; check the path");
}
