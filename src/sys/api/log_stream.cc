#include "sys/api/log_stream.h"

#include <boost/asio/io_context.hpp>

namespace hitless::sys {
namespace {

constexpr std::size_t kChunk = 64 * 1024;
constexpr std::size_t kMaxBuffered = 1024 * 1024;
constexpr nanoseconds kPollEvery = milliseconds{100};
constexpr nanoseconds kDrainFor = milliseconds{10};

}  // namespace

LogStream::LogStream(boost::asio::io_context& io, control::LogSource& source,
                     const control::Store& store, control::LogQuery query,
                     std::shared_ptr<HttpResponder> responder)
    : timer_(io),
      source_(source),
      store_(store),
      query_(std::move(query)),
      printer_(query_),
      responder_(std::move(responder)) {}

void LogStream::start() {
  responder_->onClosed([weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->timer_.cancel();
      self->responder_.reset();
    }
  });
  responder_->start(200, "text/plain");
  pump();
}

void LogStream::pump() {
  if (!responder_) {
    return;
  }
  if (responder_->bufferedBytes() > kMaxBuffered) {
    again(kDrainFor);
    return;
  }
  // Asked before the read, so that what a container wrote before it ended is not missed.
  const bool running = query_.follow && control::stillRunning(store_, query_.run);
  const auto bytes = source_.read(query_.run, offset_, kChunk);
  if (bytes && !bytes->empty()) {
    offset_ += bytes->size();
    responder_->write(printer_.feed(*bytes));
    printer_.full() ? finish() : again(nanoseconds{0});
    return;
  }
  if (std::exchange(history_, false)) {
    responder_->write(printer_.endOfHistory());
  }
  running && !printer_.full() ? again(kPollEvery) : finish();
}

void LogStream::again(nanoseconds after) {
  timer_.expires_after(after);
  timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (!error) {
      self->pump();
    }
  });
}

void LogStream::finish() {
  responder_->finish();
  responder_.reset();
}

}  // namespace hitless::sys
