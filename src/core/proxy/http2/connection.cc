#include "core/proxy/http2/connection.h"

#include <utility>

#include "core/proxy/http2/callbacks.h"
#include "core/proxy/http2/error_code.h"

namespace hitless::proxy::http2 {
namespace {

/// A connection without streams keeps no larger buffer.
constexpr std::size_t kRestingBuffer = 4 * 1024;
/// How much output() gives at once: few system calls, and still short of a socket's buffer.
constexpr std::size_t kOutput = 64 * 1024;

nghttp2_option* makeOptions(const Http2Options& from) {
  nghttp2_option* options = nullptr;
  nghttp2_option_new(&options);
  nghttp2_option_set_no_auto_window_update(options, 1);
  nghttp2_option_set_no_closed_streams(options, 1);
  nghttp2_option_set_max_outbound_ack(options, from.maxQueuedAcks);
  nghttp2_option_set_max_settings(options, from.maxSettings);
  nghttp2_option_set_max_continuations(options, from.maxContinuations);
  nghttp2_option_set_stream_reset_rate_limit(options, from.resetBurst, from.resetsPerSecond);
  nghttp2_option_set_peer_max_concurrent_streams(options, from.assumedStreams);
  // What came in as one head goes out as one, with what proxies add to it.
  nghttp2_option_set_max_send_header_block_length(options, std::size_t{8} * from.headerListBytes);
  return options;
}

}  // namespace

Connection::Connection(bool server, const Http2Options& options, SessionEvents& events)
    : options_(options), events_(events), server_(server) {
  nghttp2_session_callbacks* callbacks = Callbacks::create();
  nghttp2_option* limits = makeOptions(options);
  if (!server) {
    // An upstream's blanks around a value harm nobody; HeadReader takes them off.
    nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(limits, 1);
  }
  const auto create = server ? nghttp2_session_server_new2 : nghttp2_session_client_new2;
  broken_ = create(&session_, callbacks, this, limits) != 0;
  nghttp2_option_del(limits);
  nghttp2_session_callbacks_del(callbacks);
}

Connection::~Connection() {
  nghttp2_session_del(session_);
}

void Connection::receive(std::string_view bytes) {
  if (receiving_ || pulling_ || ended()) {
    return;
  }
  tell();
  receiving_ = true;
  const ssize_t taken = nghttp2_session_mem_recv(
      session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  flushData(false);
  receiving_ = false;
  if (taken < 0) {
    fail(taken);
  } else if (!terminated_ &&
             nghttp2_session_get_outbound_queue_size(session_) > options_.maxQueuedFrames) {
    terminate(NGHTTP2_ENHANCE_YOUR_CALM, "http2.outbound_frames_flood");
  }
  tell();
}

void Connection::receiveEnd() {
  peerEnded_ = true;
  tell();
}

std::string_view Connection::output() {
  if (written_ == out_.size() && !receiving_ && !pulling_ && !broken_) {
    pull();
  }
  return std::string_view(out_).substr(written_);
}

/// Coalesces frames: one write of the connection carries what many streams have to say.
void Connection::pull() {
  out_.clear();
  written_ = 0;
  pulling_ = true;
  while (out_.size() < kOutput) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t count = nghttp2_session_mem_send(session_, &bytes);
    if (count < 0) {
      broken_ = true;
    }
    if (count <= 0) {
      break;
    }
    out_.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(count));
  }
  pulling_ = false;
}

void Connection::wrote(std::size_t count) {
  written_ = std::min(written_ + count, out_.size());
  if (written_ == out_.size() && streams_.empty() && out_.capacity() > kRestingBuffer) {
    out_ = std::string();
    written_ = 0;
  }
  tell();
}

bool Connection::reads() const {
  return !broken_ && !peerEnded_ && nghttp2_session_want_read(session_) != 0;
}

bool Connection::finished() const {
  if (written_ < out_.size()) {
    return false;
  }
  return broken_ || peerEnded_ ||
         (nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0);
}

/// Whatever could not be told while nghttp2 was at work.
void Connection::tell() {
  if (receiving_ || pulling_) {
    return;
  }
  for (const StreamId id : std::exchange(drained_, {})) {
    const Stream* stream = streams_.find(id);
    if (stream != nullptr && !stream->aboveHighWater && !stream->given) {
      events_.drained(id);
    }
  }
  while (!endedStreams_.empty()) {  // A handler that hears of one may give up another.
    const Ended ended = endedStreams_.front();
    endedStreams_.erase(endedStreams_.begin());
    tellEnd(ended.id, ended.announced, ended.error);
  }
  if (terminated_ || broken_) {
    if (!details_.empty()) {
      tellBroken(std::exchange(details_, {}));
    }
    endAll(StreamError::kProtocol);
  }
  if (peerEnded_) {
    endAll(StreamError::kConnectionEnded);
  }
  settled();
}

void Connection::endAll(StreamError error) {
  for (const StreamId id : streams_.above(0)) {
    endStream(id, error);
  }
}

void Connection::endStream(StreamId id, StreamError error) {
  Stream* stream = streams_.find(id);
  if (stream == nullptr) {
    return;
  }
  ending(*stream);
  const Ended ended{id, stream->announced, error};
  const bool silent = stream->given;
  forget(*stream);
  if (silent) {
    return;
  }
  if (pulling_) {
    endedStreams_.push_back(ended);
  } else {
    tellEnd(ended.id, ended.announced, ended.error);
  }
}

void Connection::fail(ssize_t error) {
  switch (error) {
    case NGHTTP2_ERR_FLOODED:
      return terminate(NGHTTP2_ENHANCE_YOUR_CALM, "http2.outbound_frames_flood");
    case NGHTTP2_ERR_BAD_CLIENT_MAGIC:
      return terminate(NGHTTP2_PROTOCOL_ERROR, "http2.bad_preface");
    default:
      return terminate(NGHTTP2_INTERNAL_ERROR, "http2.internal_error");
  }
}

void Connection::terminate(std::uint32_t code, std::string_view details) {
  if (!terminated_) {
    terminated_ = true;
    details_ = details;
    broken_ = nghttp2_session_terminate_session(session_, code) != 0;
  }
}

}  // namespace hitless::proxy::http2
