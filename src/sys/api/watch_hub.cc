#include "sys/api/watch_hub.h"

#include <boost/asio/io_context.hpp>

namespace hitless::sys {

WatchHub::WatchHub(boost::asio::io_context& io, control::Store& store, WatchHubOptions options)
    : io_(io), store_(store), options_(options), bookmarks_(io) {
  subscription_ = store_.subscribe([this](const control::StoreEvent& event) { onEvent(event); });
  sendBookmarks();
}

WatchHub::~WatchHub() {
  store_.cancel(subscription_);
  *alive_ = false;
}

void WatchHub::add(std::unique_ptr<control::Watch> watch,
                   std::shared_ptr<HttpResponder> responder) {
  responder->start(200, "application/json");
  std::string first = watch->begin();
  const std::size_t beginning = first.size();
  if (!first.empty()) {
    responder->write(std::move(first));
  }
  if (watch->ended()) {
    responder->finish();
    return;
  }
  const auto stream = std::make_shared<Stream>(
      Stream{std::move(watch), std::move(responder), boost::asio::steady_timer(io_), beginning});
  streams_[&stream->watch->resource()].push_back(stream);
  stream->responder->onClosed([this, alive = alive_, raw = stream.get()] {
    if (*alive) {
      remove(raw);
    }
  });
  limitTime(stream);
}

std::size_t WatchHub::size() const {
  std::size_t count = 0;
  for (const auto& [resource, streams] : streams_) {
    count += streams.size();
  }
  return count;
}

void WatchHub::onEvent(const control::StoreEvent& event) {
  const auto found = streams_.find(event.resource);
  if (found == streams_.end()) {
    return;
  }
  control::EncodedEvent encoded(event);
  std::erase_if(found->second, [&](const std::shared_ptr<Stream>& stream) {
    std::string line = stream->watch->onEvent(encoded);
    return !line.empty() && !write(*stream, std::move(line));
  });
}

void WatchHub::sendBookmarks() {
  for (auto& [resource, streams] : streams_) {
    std::erase_if(streams, [&](const std::shared_ptr<Stream>& stream) {
      return stream->watch->wantsBookmarks() && !write(*stream, stream->watch->bookmark());
    });
  }
  bookmarks_.expires_after(options_.bookmarkEvery);
  bookmarks_.async_wait([this, alive = alive_](boost::system::error_code error) {
    if (!error && *alive) {
      sendBookmarks();
    }
  });
}

bool WatchHub::write(Stream& stream, std::string lines) {
  stream.responder->write(std::move(lines));
  const std::size_t buffered = stream.responder->bufferedBytes();
  if (buffered <= options_.maxBuffered) {
    stream.beginning = 0;
  }
  if (buffered <= options_.maxBuffered + stream.beginning) {
    return true;
  }
  stream.deadline.cancel();
  stream.responder->abort();
  return false;
}

void WatchHub::limitTime(const std::shared_ptr<Stream>& stream) {
  stream->deadline.expires_after(stream->watch->timeout());
  stream->deadline.async_wait(
      [this, alive = alive_, weak = std::weak_ptr(stream)](boost::system::error_code error) {
        const auto ended = weak.lock();
        if (error || !ended || !*alive) {
          return;
        }
        if (ended->watch->wantsBookmarks()) {  // So that the client resumes from here.
          ended->responder->write(ended->watch->bookmark());
        }
        ended->responder->finish();
        remove(ended.get());
      });
}

void WatchHub::remove(const Stream* stream) {
  for (auto& [resource, streams] : streams_) {
    std::erase_if(streams, [&](const auto& one) { return one.get() == stream; });
  }
}

}  // namespace hitless::sys
