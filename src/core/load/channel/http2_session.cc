#include "core/load/channel/http2_session.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "core/load/channel/grpc_status.h"

namespace hitless::load {
namespace {

/// More than any answer here needs, so that a window is never what is measured.
constexpr std::int32_t kWindow = 16 << 20;

std::string_view viewOf(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

std::uint8_t* bytesOf(const std::string& text) {
  return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
}

}  // namespace

Http2Request http2Request(const LoadSpec& spec, const std::string& authority) {
  Http2Request out;
  out.headers = {{":method", spec.method},
                 {":scheme", "http"},
                 {":path", spec.target},
                 {":authority", authority},
                 {"user-agent", "hitless-load"}};
  if (spec.protocol != Protocol::kGrpc) {
    out.body.assign(spec.body, 'x');
    return out;
  }
  out.headers.insert(out.headers.end(), {{"te", "trailers"}, {"content-type", "application/grpc"}});
  const auto size = static_cast<std::uint32_t>(spec.message.size());
  out.body.push_back('\0');  // not compressed
  for (const int shift : {24, 16, 8, 0}) {
    out.body.push_back(static_cast<char>(size >> shift & 0xff));
  }
  out.body += spec.message;
  return out;
}

/// nghttp2 calls these from within feed(), output() and submit().
struct Http2Session::Callbacks {
  static Http2Session& self(void* user) { return *static_cast<Http2Session*>(user); }

  static int onHeader(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                      std::size_t nameSize, const std::uint8_t* value, std::size_t valueSize,
                      std::uint8_t, void* user) {
    self(user).onHeader(frame->hd.stream_id, viewOf(name, nameSize), viewOf(value, valueSize));
    return 0;
  }
  static int onFrame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    self(user).onFrame(*frame);
    return 0;
  }
  static int onData(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t*,
                    std::size_t, void* user) {
    if (Stream* stream = self(user).find(id)) {
      stream->responding = true;
    }
    return 0;
  }
  static int onClosed(nghttp2_session*, std::int32_t id, std::uint32_t errorCode, void* user) {
    self(user).onClosed(id, errorCode);
    return 0;
  }
  static int onNotSent(nghttp2_session*, const nghttp2_frame* frame, int, void* user) {
    if (frame->hd.type == NGHTTP2_HEADERS) {
      self(user).onNotSent(frame->hd.stream_id);
    }
    return 0;
  }
  static int onSent(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Http2Session& session = self(user);
    Stream* const stream = session.find(frame->hd.stream_id);
    if (stream != nullptr && frame->hd.type == NGHTTP2_HEADERS) {
      stream->sent = true;
    }
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR &&
        session.error_.empty()) {
      session.error_ = nghttp2_http2_strerror(frame->goaway.error_code);
    }
    return 0;
  }
  static int onError(nghttp2_session*, int, const char* message, std::size_t size, void* user) {
    if (self(user).error_.empty()) {
      self(user).error_.assign(message, size);
    }
    return 0;
  }
  static ssize_t readBody(nghttp2_session*, std::int32_t id, std::uint8_t* out, std::size_t room,
                          std::uint32_t* flags, nghttp2_data_source*, void* user) {
    Stream* stream = self(user).find(id);
    if (stream == nullptr) {
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // was given up
    }
    const std::string& body = self(user).request_.body;
    const std::size_t count = std::min(room, body.size() - stream->bodySent);
    std::memcpy(out, body.data() + stream->bodySent, count);
    stream->bodySent += count;
    if (stream->bodySent == body.size()) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return static_cast<ssize_t>(count);
  }
};

Http2Session::Http2Session(const Http2Request& request) : request_(request) {
  for (const auto& [name, value] : request.headers) {
    headers_.push_back({bytesOf(name), bytesOf(value), name.size(), value.size(),
                        NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE});
  }
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::onHeader);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::onFrame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::onData);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::onClosed);
  nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, Callbacks::onNotSent);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, Callbacks::onSent);
  nghttp2_session_callbacks_set_error_callback2(callbacks, Callbacks::onError);
  nghttp2_session* session = nullptr;
  nghttp2_session_client_new(&session, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  session_.reset(session);
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                             {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindow}};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kWindow);
}

std::optional<std::int32_t> Http2Session::submit() {
  if (goaway_ || !error_.empty()) {
    return std::nullopt;
  }
  nghttp2_data_provider body{};
  body.read_callback = Callbacks::readBody;
  const std::int32_t id =
      nghttp2_submit_request(session_.get(), nullptr, headers_.data(), headers_.size(),
                             request_.body.empty() ? nullptr : &body, nullptr);
  if (id < 0) {
    return std::nullopt;
  }
  streams_[id].end.stream = id;
  return id;
}

void Http2Session::cancel(std::int32_t stream) {
  if (streams_.erase(stream) > 0) {
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
  }
}

void Http2Session::feed(std::string_view bytes) {
  const ssize_t count = nghttp2_session_mem_recv(
      session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (count < 0 && error_.empty()) {
    error_ = nghttp2_strerror(static_cast<int>(count));
  }
}

std::string_view Http2Session::output() {
  if (taken_ > 0) {
    out_.erase(0, std::exchange(taken_, 0));
  }
  const std::uint8_t* bytes = nullptr;
  for (ssize_t count = 0; (count = nghttp2_session_mem_send(session_.get(), &bytes)) > 0;) {
    out_.append(viewOf(bytes, static_cast<std::size_t>(count)));
  }
  return out_;
}

void Http2Session::take(std::size_t count) {
  taken_ += count;
}

bool Http2Session::responding(std::int32_t stream) const {
  const auto found = streams_.find(stream);
  return found != streams_.end() && found->second.responding;
}

bool Http2Session::finished() const {
  return nghttp2_session_want_read(session_.get()) == 0 &&
         nghttp2_session_want_write(session_.get()) == 0 && taken_ == out_.size();
}

Http2Session::Stream* Http2Session::find(std::int32_t id) {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : &found->second;
}

void Http2Session::onHeader(std::int32_t id, std::string_view name, std::string_view value) {
  Stream* stream = find(id);
  if (stream == nullptr) {
    return;
  }
  if (name == ":status") {
    stream->end.status = static_cast<int>(parseUint(value).value_or(0));
  } else if (name == "grpc-status") {
    stream->grpcCode = static_cast<int>(std::min<std::uint64_t>(parseUint(value).value_or(2), 999));
  } else if (name == "grpc-message") {
    stream->grpcMessage = decodeGrpcMessage(value);
  }
}

void Http2Session::onFrame(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_SETTINGS && (frame.hd.flags & NGHTTP2_FLAG_ACK) == 0) {
    ready_ = true;
  } else if (frame.hd.type == NGHTTP2_GOAWAY) {
    goaway_ = frame.goaway.error_code;
    endUnsent();
  }
  Stream* stream = find(frame.hd.stream_id);
  if (stream == nullptr) {
    return;
  }
  if (frame.hd.type == NGHTTP2_RST_STREAM) {
    stream->end.reset = frame.rst_stream.error_code;
    return;
  }
  stream->responding |= frame.hd.type == NGHTTP2_HEADERS;
  const bool carriesEnd = frame.hd.type == NGHTTP2_HEADERS || frame.hd.type == NGHTTP2_DATA;
  stream->end.complete |= carriesEnd && (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
}

/// REFUSED_STREAM without the peer's word for this stream is nghttp2's for its GOAWAY.
void Http2Session::onClosed(std::int32_t id, std::uint32_t errorCode) {
  if (Stream* stream = find(id)) {
    stream->end.unprocessed = errorCode == NGHTTP2_REFUSED_STREAM && !stream->end.reset;
    end(id, *stream);
  }
}

void Http2Session::onNotSent(std::int32_t id) {
  if (Stream* stream = find(id)) {
    stream->end.unprocessed = true;
    end(id, *stream);
  }
}

/// nghttp2 keeps those that wait for the limit until there is room; there will be none.
void Http2Session::endUnsent() {
  std::vector<std::int32_t> unsent;
  for (const auto& [id, stream] : streams_) {
    if (!stream.sent) {
      unsent.push_back(id);
    }
  }
  for (const std::int32_t id : unsent) {
    onNotSent(id);
  }
}

void Http2Session::end(std::int32_t id, Stream& stream) {
  if (stream.grpcCode >= 0) {
    stream.end.grpc = GrpcStatus{stream.grpcCode, std::move(stream.grpcMessage)};
  }
  ended_.push_back(std::move(stream.end));
  streams_.erase(id);
}

}  // namespace hitless::load
