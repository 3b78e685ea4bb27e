#include "sys/kube/stream_session.h"

#include <fmt/format.h>

#include <boost/asio/post.hpp>

namespace hitless::sys {
namespace {

/// Objects are limited to 1.5 MiB by etcd's request size; ten times that is no API object any more.
constexpr std::size_t kMaxLine = 16 * 1024 * 1024;
constexpr std::size_t kMaxRefusal = 1024 * 1024;

}  // namespace

StreamSession::StreamSession(boost::asio::io_context& io, std::shared_ptr<Channel> channel,
                             StreamOptions options, KubeClient::OnLine line, KubeClient::OnEnd end)
    : channel_(std::move(channel)),
      options_(std::move(options)),
      line_(std::move(line)),
      end_(std::move(end)),
      timer_(io),
      reader_(false, kMaxRefusal),
      splitter_(kMaxLine) {}

void StreamSession::start(Result<std::string> request) {
  if (!request) {
    boost::asio::post(timer_.get_executor(),
                      [self = shared_from_this(), error = std::move(request).error()] {
                        self->finish(tl::unexpected<Error>(error));
                      });
    return;
  }
  request_ = *std::move(request);
  heard_ = std::chrono::steady_clock::now();
  reader_.streamTo([this](std::string_view bytes) { onBody(bytes); });
  armTimer();
  channel_->connect(options_.host, options_.port, [self = shared_from_this()](Status status) {
    status ? self->send() : self->finish(tl::unexpected<Error>(std::move(status).error()));
  });
}

void StreamSession::allowSilence(nanoseconds longest) {
  options_.longestSilence = longest;
  if (open_) {
    heard_ = std::chrono::steady_clock::now();
    armTimer();
  }
}

void StreamSession::cancel() {
  open_ = false;
  timer_.cancel();
  channel_->close();
}

void StreamSession::armTimer() {
  timer_.expires_at(heard_ + options_.longestSilence);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (error || !self->open_) {
      return;
    }
    if (std::chrono::steady_clock::now() < self->heard_ + self->options_.longestSilence) {
      self->armTimer();
    } else {
      self->finish(fail(ErrorKind::kUnavailable,
                        fmt::format("nothing received for {} ms",
                                    self->options_.longestSilence / milliseconds(1))));
    }
  });
}

void StreamSession::send() {
  if (!open_) {
    return;
  }
  channel_->write(std::move(request_), [self = shared_from_this()](Status status) {
    if (!status) {
      self->finish(tl::unexpected<Error>(std::move(status).error()));
    }
  });
  receive();
}

void StreamSession::receive() {
  channel_->read([self = shared_from_this()](Result<std::string_view> bytes) {
    self->onBytes(std::move(bytes));
  });
}

void StreamSession::onBytes(Result<std::string_view> bytes) {
  if (!open_) {
    return;
  }
  if (!bytes) {
    return finish(tl::unexpected<Error>(std::move(bytes).error()));
  }
  const Status status = bytes->empty() ? reader_.end() : reader_.put(*bytes);
  if (!open_) {
    return;
  }
  if (!status || !split_) {
    return finish(tl::unexpected<Error>(status ? split_.error() : status.error()));
  }
  if (reader_.done()) {
    return finish(reader_.take());
  }
  receive();
}

void StreamSession::onBody(std::string_view bytes) {
  if (open_ && split_) {
    split_ = splitter_.feed(bytes, [this](std::string_view line) {
      heard_ = std::chrono::steady_clock::now();
      line_(line);
      return open_;
    });
  }
}

void StreamSession::finish(Result<HttpResponse> how) {
  if (!open_) {
    return;
  }
  cancel();
  if (!how && how.error().subject.empty()) {
    how.error().subject = fmt::format("{}:{}", options_.host, options_.port);
  }
  end_(std::move(how));
}

}  // namespace hitless::sys
