#pragma once

#include "core/proxy/http2/connection.h"

namespace hitless::proxy::http2 {

/// nghttp2's callbacks, each a call of the connection that is their user data.
struct Connection::Callbacks {
  static Connection& self(void* user) { return *static_cast<Connection*>(user); }
  static std::string_view text(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
  }
  static nghttp2_session_callbacks* create();
  static ssize_t readBody(nghttp2_session*, std::int32_t id, std::uint8_t* buffer,
                          std::size_t length, std::uint32_t* flags, nghttp2_data_source*,
                          void* user);

 private:
  static int beginFrame(nghttp2_session*, const nghttp2_frame_hd* head, void* user);
  static int beginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t nameSize, const std::uint8_t* value, std::size_t valueSize,
                    std::uint8_t, void* user);
  static int invalidHeader(nghttp2_session*, const nghttp2_frame*, const std::uint8_t*, std::size_t,
                           const std::uint8_t*, std::size_t, std::uint8_t, void*);
  static int dataChunk(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data,
                       std::size_t size, void* user);
  static int frameReceived(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int frameSent(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int frameNotSent(nghttp2_session*, const nghttp2_frame* frame, int error, void* user);
  static int streamClosed(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user);
};

}  // namespace hitless::proxy::http2
