#pragma once

#include <nghttp2/nghttp2.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hitless::load {

/// The server's side of a connection for tests: says what it is told to.
class Http2Peer {
 public:
  struct Request {
    std::map<std::string, std::string> headers;
    std::string body;
    bool whole = false;
  };

  Http2Peer() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                      std::size_t nameSize, const std::uint8_t* value, std::size_t valueSize,
                      std::uint8_t, void* user) {
          self(user).requests[frame->hd.stream_id].headers[text(name, nameSize)] =
              text(value, valueSize);
          return 0;
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        callbacks, [](nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* data,
                      std::size_t size, void* user) {
          self(user).requests[stream].body += text(data, size);
          return 0;
        });
    nghttp2_session_callbacks_set_on_frame_recv_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
          const bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
          const bool carries = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
          if (end && carries) {
            self(user).requests[frame->hd.stream_id].whole = true;
          }
          if (frame->hd.type == NGHTTP2_RST_STREAM) {
            self(user).cancelled.push_back(frame->hd.stream_id);
          }
          return 0;
        });
    nghttp2_session_server_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
  }
  ~Http2Peer() { nghttp2_session_del(session_); }
  Http2Peer(const Http2Peer&) = delete;

  void greet(std::uint32_t maxStreams = 100) {
    const nghttp2_settings_entry entry{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, maxStreams};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, &entry, 1);
  }
  /// False if the client broke the protocol.
  bool feed(std::string_view bytes) {
    return nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                    bytes.size()) == static_cast<ssize_t>(bytes.size());
  }
  std::string output() {
    std::string out;
    const std::uint8_t* bytes = nullptr;
    for (ssize_t count = 0; (count = nghttp2_session_mem_send(session_, &bytes)) > 0;) {
      out += text(bytes, static_cast<std::size_t>(count));
    }
    return out;
  }

  /// A response of headers only: gRPC's trailers-only form where they hold a grpc-status.
  void answer(std::int32_t stream, const std::map<std::string, std::string>& headers) {
    std::vector<nghttp2_nv> fields;
    for (const auto& [name, value] : headers) {
      fields.push_back({bytes(name), bytes(value), name.size(), value.size(), 0});
    }
    nghttp2_submit_response(session_, stream, fields.data(), fields.size(), nullptr);
  }
  void ok(std::int32_t stream) {
    answer(stream,
           {{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "0"}});
  }
  void reset(std::int32_t stream, std::uint32_t code) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, code);
  }
  void goaway(std::int32_t lastStream, std::uint32_t code = NGHTTP2_NO_ERROR) {
    nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, lastStream, code, nullptr, 0);
  }
  /// The first GOAWAY of an orderly shutdown.
  void shutdownNotice() { nghttp2_submit_shutdown_notice(session_); }

  std::map<std::int32_t, Request> requests;
  std::vector<std::int32_t> cancelled;

 private:
  static Http2Peer& self(void* user) { return *static_cast<Http2Peer*>(user); }
  static std::string text(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
  }
  static std::uint8_t* bytes(const std::string& value) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data()));
  }

  nghttp2_session* session_ = nullptr;
};

}  // namespace hitless::load
