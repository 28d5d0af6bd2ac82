#pragma once

#include "seqnn/core/config.hpp"
#include "seqnn/core/error.hpp"
#include "seqnn/io/append_file.hpp"
#include "seqnn/io/crc32c.hpp"
#include "seqnn/io/event_summary.hpp"
#include "seqnn/io/make_folders.hpp"
#include "seqnn/io/protobuf.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace seqnn::inline SEQNN_ABI {

namespace detail {

/// Seconds since 1970.
inline double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// A record as TFRecord files have it: length, checksum of the length, content, checksum of the content. Checksums are
/// masked, since one over others would be weak.
SEQNN_COLD inline std::string tf_record(std::string_view content) {
  const auto checksum = [](std::string_view of) {
    const std::uint32_t crc = crc32c(of);
    return ProtobufMessage::little_endian_bytes((crc >> 15 | crc << 17) + 0xA282EAD8U, 4);
  };
  const std::string length = ProtobufMessage::little_endian_bytes(content.size(), 8);
  return length + checksum(length) + std::string(content) + checksum(content);
}

}  // namespace detail

/// A file of events for TensorBoard, in a folder that it shows as one run.
///
///     EventFile file("logs/mine");
///     file.write(step, EventSummary().scalar("loss", 0.41));             tensorboard --logdir logs
///
/// The name is TensorBoard's: time, host, process and number. Events are appended and reach the system at once; a
/// reader may look at any time.
///
/// Throws  FileError if the folder or the file cannot be made or written
/// Source  tensorflow/core/util/event.proto; tensorboard/summary/writer
class EventFile {
 public:
  /// @param clock  seconds since 1970
  SEQNN_COLD explicit EventFile(const std::string& folder, double (*clock)() = &detail::wall_seconds) : clock_(clock) {
    make_folders(folder);
    const double now = clock_();
    path_ = folder + '/' + free_name(now);
    ProtobufMessage event;
    event.real(kWallTime, now).bytes(kFileVersion, "brain.Event:2");
    AppendFile(path_).append(detail::tf_record(event.encoded()));
  }

  const std::string& path() const { return path_; }

  SEQNN_COLD void write(std::size_t step, const EventSummary& summary) const {
    ProtobufMessage event;
    event.real(kWallTime, clock_()).integer(kStep, step).message(kSummary, summary.message());
    AppendFile(path_).append(detail::tf_record(event.encoded()));
  }

 private:
  static constexpr unsigned kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5;  // fields of Event

  /// "events.out.tfevents.1700000000.host.4711.0.v2"
  SEQNN_COLD static std::string free_name(double now) {
    static std::atomic<unsigned> serial{0};
    char host[256] = "localhost";
    long process = 0;
#if SEQNN_POSIX_FILES
    if (::gethostname(host, sizeof host - 1) != 0) std::snprintf(host, sizeof host, "localhost");
    host[sizeof host - 1] = '\0';
    process = static_cast<long>(::getpid());
#endif
    char time[32];
    std::snprintf(time, sizeof time, "%010lld", static_cast<long long>(now));
    return text("events.out.tfevents.", static_cast<const char*>(time), '.', static_cast<const char*>(host), '.',
                process, '.', serial++, ".v2");
  }

  double (*clock_)();
  std::string path_;
};

}  // namespace seqnn::inline SEQNN_ABI
