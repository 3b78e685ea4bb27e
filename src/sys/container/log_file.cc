#include "sys/container/log_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "core/node/cri_log.h"
#include "sys/container/pipe.h"
#include "sys/files/files.h"

namespace hitless::sys {
namespace {

/// One stream of one container; lives as long as its pipe.
class LogStream : public std::enable_shared_from_this<LogStream> {
 public:
  LogStream(boost::asio::io_context& io, const Clock& clock, Fd pipe, std::shared_ptr<Fd> file,
            std::string_view name)
      : clock_(clock), pipe_(io, pipe.release()), file_(std::move(file)), log_(name) {}

  void read() {
    pipe_.async_read_some(
        boost::asio::buffer(buffer_),
        [self = shared_from_this()](const boost::system::error_code& error, std::size_t size) {
          if (error) {
            self->write(self->log_.finish(self->clock_.wall()));
            return;
          }
          self->write(self->log_.add({self->buffer_.data(), size}, self->clock_.wall()));
          self->read();
        });
  }

 private:
  /// A full disk loses log lines; the container must not stop for it.
  void write(const std::string& lines) {
    if (!lines.empty()) {
      [[maybe_unused]] const auto written = ::write(file_->get(), lines.data(), lines.size());
    }
  }

  const Clock& clock_;
  boost::asio::posix::stream_descriptor pipe_;
  std::shared_ptr<Fd> file_;
  node::CriLog log_;
  std::array<char, 16 * 1024> buffer_{};
};

}  // namespace

Result<LogFile> LogFile::open(boost::asio::io_context& io, const Clock& clock,
                              const std::string& path) {
  TRY_VOID(makeDirectories(path.substr(0, path.rfind('/')), 0755));
  auto file =
      std::make_shared<Fd>(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
  if (!file->valid()) {
    return tl::unexpected<Error>(osError("cannot open the log").about(path));
  }
  Pipe output = TRY(Pipe::create());
  Pipe error = TRY(Pipe::create());
  std::make_shared<LogStream>(io, clock, std::move(output.readEnd), file, "stdout")->read();
  std::make_shared<LogStream>(io, clock, std::move(error.readEnd), file, "stderr")->read();
  LogFile out;
  out.output_ = std::move(output.writeEnd);
  out.error_ = std::move(error.writeEnd);
  return out;
}

}  // namespace hitless::sys
