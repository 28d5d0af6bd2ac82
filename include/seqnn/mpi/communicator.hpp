#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/training/process_group.hpp"

// MPI's functions for C are all we call; its old classes for C++ cost compile time and warnings.
#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX 1
#endif
#ifndef MPICH_SKIP_MPICXX
#define MPICH_SKIP_MPICXX 1
#endif
#include <cstddef>
#include <cstdio>
#include <exception>
#include <limits>
#include <mpi.h>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace seqnn::inline SEQNN_ABI {

/// The processes that mpirun has started. Made at the beginning of main, once, before threads; a program that was not
/// started by mpirun is a group of one.
///
///     int main(int argc, char** argv) {
///       Communicator world(argc, argv);
///       try {
///         …
///       } catch (const std::exception& error) {
///         world.abort(error.what());  // the others may wait for this rank
///       }
///     }
///
/// Only the thread that made it may use it. Where MPI itself finds an error it ends all processes with a message. So
/// does the destructor if an exception is passing through on one of several ranks.
class Communicator final : public ProcessGroup {
 public:
  /// Bytes from another rank.
  struct Message {
    std::size_t rank = 0;
    std::vector<std::byte> bytes;
  };

  /// @throws StateError if MPI has been ended, or cannot be used beside threads
  SEQNN_COLD Communicator(int& argc, char**& argv) { begin(&argc, &argv); }
  SEQNN_COLD Communicator() { begin(nullptr, nullptr); }

  SEQNN_COLD ~Communicator() override {
    if (size_ > 1 && std::uncaught_exceptions() > exceptions_) abort("ended by an exception");
    MPI_Type_free(&line_);
    MPI_Comm_free(&comm_);
    if (ends_mpi_) MPI_Finalize();
  }

  std::size_t rank() const override { return rank_; }
  std::size_t size() const override { return size_; }

  void all_to_all(std::span<const std::byte> sent, std::span<const std::size_t> sent_sizes,
                  std::span<std::byte> received, std::span<const std::size_t> received_sizes) override {
    place(sent_sizes, sent_lines_, sent_offsets_);
    place(received_sizes, received_lines_, received_offsets_);
    MPI_Alltoallv(sent.data(), sent_lines_.data(), sent_offsets_.data(), line_, received.data(), received_lines_.data(),
                  received_offsets_.data(), line_, comm_);
  }

  void all_gather(std::span<const std::byte> sent, std::span<std::byte> received,
                  std::span<const std::size_t> sizes) override {
    place(sizes, received_lines_, received_offsets_);
    MPI_Allgatherv(sent.data(), received_lines_[rank_], line_, received.data(), received_lines_.data(),
                   received_offsets_.data(), line_, comm_);
  }

  /// Prints the message and ends all processes, this one too, with exit code 1.
  [[noreturn]] SEQNN_COLD void abort(const std::string& message) override {
    std::fprintf(stderr, "rank %zu of %zu: %s\n", rank_, size_, message.c_str());
    std::fflush(stderr);
    MPI_Abort(comm_, 1);
    std::terminate();  // not reached
  }

  /// Sends bytes to one rank; waits until they are on their way.
  void send(std::size_t rank, std::span<const std::byte> bytes) {
    if (bytes.size() > std::numeric_limits<int>::max()) {
      throw DataError(text("Communicator: a message must be below 2 GB, got ", bytes.size(), " bytes"));
    }
    MPI_Send(bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, static_cast<int>(rank), 0, comm_);
  }

  /// The next message from any rank, if one has come. Does not wait: MPI would keep a core busy by it.
  std::optional<Message> receive() {
    int here = 0;
    MPI_Status status;
    MPI_Iprobe(MPI_ANY_SOURCE, 0, comm_, &here, &status);
    if (here == 0) return std::nullopt;
    int count = 0;
    MPI_Get_count(&status, MPI_BYTE, &count);
    Message message{static_cast<std::size_t>(status.MPI_SOURCE),
                    std::vector<std::byte>(static_cast<std::size_t>(count))};
    MPI_Recv(message.bytes.data(), count, MPI_BYTE, status.MPI_SOURCE, 0, comm_, MPI_STATUS_IGNORE);
    return message;
  }

 private:
  SEQNN_COLD void begin(int* argc, char*** argv) {
    int begun = 0, ended = 0, level = MPI_THREAD_SINGLE;
    MPI_Finalized(&ended);
    if (ended != 0) throw StateError("Communicator: must be made once in a program, got one after MPI has been ended");
    MPI_Initialized(&begun);
    if (begun == 0) {
      MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &level);
      ends_mpi_ = true;
    } else {
      MPI_Query_thread(&level);
    }
    if (level < MPI_THREAD_FUNNELED) {
      throw StateError(
          "Communicator: MPI must allow threads beside the one that calls it (MPI_THREAD_FUNNELED), got "
          "MPI_THREAD_SINGLE; let Communicator begin MPI, or use MPI_Init_thread");
    }
    MPI_Comm_dup(MPI_COMM_WORLD, &comm_);  // so that nothing mixes with what the program itself sends
    int rank = 0, size = 1;
    MPI_Comm_rank(comm_, &rank);
    MPI_Comm_size(comm_, &size);
    rank_ = static_cast<std::size_t>(rank);
    size_ = static_cast<std::size_t>(size);
    MPI_Type_contiguous(static_cast<int>(kBlockStep), MPI_BYTE, &line_);
    MPI_Type_commit(&line_);
  }

  /// Counts and offsets of blocks in lines of `kBlockStep` bytes, since MPI counts by int.
  static void place(std::span<const std::size_t> sizes, std::vector<int>& lines, std::vector<int>& offsets) {
    lines.resize(sizes.size());
    offsets.resize(sizes.size());
    std::size_t offset = 0;
    for (std::size_t r = 0; r < sizes.size(); ++r) {
      lines[r] = static_cast<int>(sizes[r] / kBlockStep);
      offsets[r] = static_cast<int>(offset);
      offset += sizes[r] / kBlockStep;
    }
    if (offset > std::numeric_limits<int>::max()) {
      throw ShapeError(text("Communicator: blocks must be below 128 GB together, got ", offset * kBlockStep, " bytes"));
    }
  }

  MPI_Comm comm_ = MPI_COMM_NULL;
  MPI_Datatype line_ = MPI_DATATYPE_NULL;
  std::size_t rank_ = 0;
  std::size_t size_ = 1;
  bool ends_mpi_ = false;
  int exceptions_ = std::uncaught_exceptions();
  std::vector<int> sent_lines_, sent_offsets_, received_lines_, received_offsets_;  // kept: steps allocate nothing
};

}  // namespace seqnn::inline SEQNN_ABI
