#include "testapp/http2_session.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "testapp/request.h"

namespace hitless::testapp {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n";
constexpr std::size_t kOutputStep = 64 * 1024;
constexpr std::size_t kMaxPath = 16 * 1024;
constexpr std::uint32_t kMaxStreams = 1000;

// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md and doc/statuscodes.md
constexpr std::size_t kGrpcPrefix = 5;
constexpr std::size_t kMaxMessage = 64;
constexpr int kInvalidArgument = 3;
constexpr int kUnimplemented = 12;
/// grpc.health.v1.HealthCheckResponse{status: SERVING}
constexpr std::string_view kServing("\x08\x01", 2);

/// The library copies names and values unless told not to.
nghttp2_nv header(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

std::string framed(std::string_view message) {
  std::string out(kGrpcPrefix, '\0');
  for (std::size_t i = 0; i < 4; ++i) {
    out[4 - i] = static_cast<char>(message.size() >> (8 * i));
  }
  return out.append(message);
}

}  // namespace

bool isHttp2Preface(std::string_view bytes) {
  return bytes.starts_with(kPreface);
}

struct Http2Session::Callbacks {
  static Http2Session& self(void* user) { return *static_cast<Http2Session*>(user); }

  static int onBeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      self(user).streams_[frame->hd.stream_id];
    }
    return 0;
  }

  static int onHeader(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                      std::size_t nameSize, const std::uint8_t* value, std::size_t valueSize,
                      std::uint8_t, void* user) {
    const auto found = self(user).streams_.find(frame->hd.stream_id);
    if (found == self(user).streams_.end() || valueSize > kMaxPath) {
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    const std::string_view key(reinterpret_cast<const char*>(name), nameSize);
    const std::string_view text(reinterpret_cast<const char*>(value), valueSize);
    Stream& stream = found->second;
    if (key == ":method") {
      stream.method = text;
    } else if (key == ":path") {
      stream.path = text;
    } else if (key == "content-type") {
      stream.grpc = text.starts_with("application/grpc");
    }
    return 0;
  }

  static int onData(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data,
                    std::size_t size, void* user) {
    const auto found = self(user).streams_.find(id);
    if (found != self(user).streams_.end() && found->second.grpc) {
      std::string& message = found->second.message;
      const std::size_t room = kGrpcPrefix + kMaxMessage - message.size();
      message.append(reinterpret_cast<const char*>(data), std::min(size, room));
    }
    return 0;
  }

  static int onFrame(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    const bool request = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (request && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
      self(user).begin(frame->hd.stream_id);
    } else if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0 &&
               self(user).leaving_) {
      nghttp2_submit_goaway(session, NGHTTP2_FLAG_NONE,
                            nghttp2_session_get_last_proc_stream_id(session), NGHTTP2_NO_ERROR,
                            nullptr, 0);
    }
    return 0;
  }

  static int onStreamClose(nghttp2_session*, std::int32_t id, std::uint32_t, void* user) {
    self(user).streams_.erase(id);
    return 0;
  }

  /// Gives a piece of an answer's body; a gRPC answer goes on with trailers.
  static ssize_t readBody(nghttp2_session* session, std::int32_t id, std::uint8_t* buffer,
                          std::size_t length, std::uint32_t* flags, nghttp2_data_source*,
                          void* user) {
    const auto found = self(user).streams_.find(id);
    if (found == self(user).streams_.end()) {
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    Stream& stream = found->second;
    const std::size_t count = std::min(length, stream.body.size() - stream.sent);
    std::memcpy(buffer, stream.body.data() + stream.sent, count);
    stream.sent += count;
    const std::size_t filled = std::min<std::uint64_t>(length - count, stream.fill);
    std::memset(buffer + count, 'x', filled);
    stream.fill -= filled;
    if (stream.sent == stream.body.size() && stream.fill == 0) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      if (stream.grpc) {
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        const nghttp2_nv trailer = header("grpc-status", "0");
        nghttp2_submit_trailer(session, id, &trailer, 1);
      }
    }
    return static_cast<ssize_t>(count + filled);
  }
};

Http2Session::Http2Session(const std::string& podName, Counts& counts)
    : podName_(podName), counts_(counts) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, Callbacks::onBeginHeaders);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::onHeader);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::onData);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::onFrame);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::onStreamClose);
  nghttp2_session_server_new(&session_, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  const nghttp2_settings_entry settings{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kMaxStreams};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, &settings, 1);
}

Http2Session::~Http2Session() {
  nghttp2_session_del(session_);
}

bool Http2Session::receive(std::string_view bytes) {
  const ssize_t taken = nghttp2_session_mem_recv(
      session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  return taken == static_cast<ssize_t>(bytes.size());
}

std::optional<Delay> Http2Session::advance(bool leaving) {
  if (leaving && !leaving_) {
    takeLeave();
  }
  refill();
  if (delays_.empty()) {
    return std::nullopt;
  }
  const Delay delay = delays_.front();
  delays_.pop_front();
  return delay;
}

void Http2Session::takeLeave() {
  leaving_ = true;
  nghttp2_submit_shutdown_notice(session_);
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
}

/// The request of a stream is complete.
void Http2Session::begin(std::int32_t id) {
  const auto found = streams_.find(id);
  if (found == streams_.end() || found->second.answered) {
    return;
  }
  ++counts_.received;
  found->second.answered = true;
  found->second.grpc ? answerGrpc(id, found->second) : answerHttp(id, found->second);
}

void Http2Session::answerHttp(std::int32_t id, Stream& stream) {
  if (stream.method != "GET" && stream.method != "HEAD" && stream.method != "POST") {
    return respond(id, 405, "Method Not Allowed\n");
  }
  const Route to = route(stream.path);
  switch (to.action) {
    case Action::kName:
      return respond(id, 200, podName_ + "\n");
    case Action::kDelay:
      return delays_.push_back({to.seconds, id});
    case Action::kBytes:
      return respond(id, 200, {}, to.bytes);
    case Action::kNotFound:
      return respond(id, 404, "Not Found\n");
    case Action::kBadRequest:
      return respond(id, 400, "Bad Request\n");
  }
}

void Http2Session::answerGrpc(std::int32_t id, Stream& stream) {
  if (stream.path == "/hitless.Test/WhoAmI") {
    return reply(id, podName_);
  }
  if (stream.path == "/grpc.health.v1.Health/Check") {
    return reply(id, kServing);
  }
  if (stream.path != "/hitless.Test/Delay") {
    return refuse(id, kUnimplemented, "no method " + stream.path);
  }
  const std::size_t prefix = std::min(kGrpcPrefix, stream.message.size());
  const Route to = route("/delay/" + stream.message.substr(prefix));
  to.action == Action::kDelay ? delays_.push_back({to.seconds, id})
                              : refuse(id, kInvalidArgument, "not a number of seconds");
}

void Http2Session::wake(std::int32_t request, bool) {
  const auto found = streams_.find(request);
  if (found == streams_.end()) {
    return;  // The client has cancelled it.
  }
  found->second.grpc ? reply(request, podName_) : respond(request, 200, podName_ + "\n");
}

void Http2Session::respond(std::int32_t id, int status, std::string body, std::uint64_t fill) {
  Stream& stream = streams_.at(id);
  const std::string code = std::to_string(status);
  const std::string length = std::to_string(body.size() + fill);
  const std::array<nghttp2_nv, 3> headers = {header(":status", code),
                                             header("content-type", "text/plain"),
                                             header("content-length", length)};
  ++counts_.answered;
  if (stream.method == "HEAD") {
    nghttp2_submit_response(session_, id, headers.data(), headers.size(), nullptr);
    return;
  }
  stream.body = std::move(body);
  stream.fill = fill;
  const nghttp2_data_provider provider{{}, Callbacks::readBody};
  nghttp2_submit_response(session_, id, headers.data(), headers.size(), &provider);
}

void Http2Session::reply(std::int32_t id, std::string_view message) {
  streams_.at(id).body = framed(message);
  const std::array<nghttp2_nv, 2> headers = {header(":status", "200"),
                                             header("content-type", "application/grpc")};
  const nghttp2_data_provider provider{{}, Callbacks::readBody};
  ++counts_.answered;
  nghttp2_submit_response(session_, id, headers.data(), headers.size(), &provider);
}

/// An answer without a message: everything is in its one header block ("Trailers-Only").
void Http2Session::refuse(std::int32_t id, int status, const std::string& message) {
  const std::string code = std::to_string(status);
  const std::array<nghttp2_nv, 4> headers = {
      header(":status", "200"), header("content-type", "application/grpc"),
      header("grpc-status", code), header("grpc-message", message)};
  ++counts_.answered;
  nghttp2_submit_response(session_, id, headers.data(), headers.size(), nullptr);
}

void Http2Session::wrote(std::size_t count) {
  sent_ += count;
  if (sent_ == out_.size()) {
    out_.clear();
    sent_ = 0;
    refill();
  }
}

void Http2Session::refill() {
  while (out_.size() - sent_ < kOutputStep) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t count = nghttp2_session_mem_send(session_, &bytes);
    if (count <= 0) {
      return;
    }
    out_.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(count));
  }
}

/// After the final GOAWAY the library wants nothing more once the last stream is closed.
bool Http2Session::finished() const {
  return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
}

}  // namespace hitless::testapp
