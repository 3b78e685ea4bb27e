#include "core/proxy/http2/callbacks.h"

namespace hitless::proxy::http2 {

nghttp2_session_callbacks* Connection::Callbacks::create() {
  nghttp2_session_callbacks* all = nullptr;
  nghttp2_session_callbacks_new(&all);
  nghttp2_session_callbacks_set_on_begin_frame_callback(all, beginFrame);
  nghttp2_session_callbacks_set_on_begin_headers_callback(all, beginHeaders);
  nghttp2_session_callbacks_set_on_header_callback(all, header);
  nghttp2_session_callbacks_set_on_invalid_header_callback(all, invalidHeader);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(all, dataChunk);
  nghttp2_session_callbacks_set_on_frame_recv_callback(all, frameReceived);
  nghttp2_session_callbacks_set_on_frame_send_callback(all, frameSent);
  nghttp2_session_callbacks_set_on_frame_not_send_callback(all, frameNotSent);
  nghttp2_session_callbacks_set_on_stream_close_callback(all, streamClosed);
  return all;
}

/// What nghttp2 lets pass: CONTINUATION of any size (RFC 9113 4.2), and, where it keeps no tree of
/// priorities, PRIORITY of stream 0 (RFC 9113 6.3).
int Connection::Callbacks::beginFrame(nghttp2_session*, const nghttp2_frame_hd* head, void* user) {
  constexpr std::size_t kMaxFrame = 16'384;  // We ask for no more.
  if (head->type == NGHTTP2_CONTINUATION && head->length > kMaxFrame) {
    self(user).terminate(NGHTTP2_FRAME_SIZE_ERROR, "http2.protocol_error");
    return NGHTTP2_ERR_CALLBACK_FAILURE;
  }
  if (head->type == NGHTTP2_PRIORITY && head->stream_id == 0) {
    self(user).terminate(NGHTTP2_PROTOCOL_ERROR, "http2.protocol_error");
    return NGHTTP2_ERR_CALLBACK_FAILURE;
  }
  return 0;
}

int Connection::Callbacks::beginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  self(user).reading_ = 0;
  if (frame->hd.type == NGHTTP2_HEADERS) {
    self(user).beginBlock(*frame);
  }
  return 0;
}

int Connection::Callbacks::header(nghttp2_session*, const nghttp2_frame* frame,
                                  const std::uint8_t* name, std::size_t nameSize,
                                  const std::uint8_t* value, std::size_t valueSize, std::uint8_t,
                                  void* user) {
  if (self(user).reading_ != static_cast<StreamId>(frame->hd.stream_id)) {
    return 0;
  }
  const HeadReader::Size size =
      self(user).reader_.add(text(name, nameSize), text(value, valueSize));
  // The rest of the block is only followed for what it does to the table of names.
  return size == HeadReader::Size::kFarTooLarge ? NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE : 0;
}

/// Instead of leaving such a field out, as nghttp2 would: the message is malformed (RFC
/// 9113 8.2.1).
int Connection::Callbacks::invalidHeader(nghttp2_session*, const nghttp2_frame*,
                                         const std::uint8_t*, std::size_t, const std::uint8_t*,
                                         std::size_t, std::uint8_t, void*) {
  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

int Connection::Callbacks::dataChunk(nghttp2_session*, std::uint8_t, std::int32_t id,
                                     const std::uint8_t* data, std::size_t size, void* user) {
  self(user).takeData(static_cast<StreamId>(id), text(data, size));
  return 0;
}

int Connection::Callbacks::frameReceived(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  Connection& connection = self(user);
  const bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  const auto id = static_cast<StreamId>(frame->hd.stream_id);
  if (frame->hd.type == NGHTTP2_DATA) {
    Stream* stream = end ? connection.streams_.find(id) : nullptr;
    if (stream != nullptr) {
      stream->receiveEnded = true;
      if (connection.dataStream_ != id) {  // The frame was empty.
        connection.flushData(false);
        connection.dataStream_ = id;
      }
    }
    connection.flushData(end);
  } else if (frame->hd.type == NGHTTP2_HEADERS) {
    Stream* stream = connection.reading_ == id ? connection.streams_.find(id) : nullptr;
    if (stream != nullptr) {
      stream->receiveEnded = end;
      connection.completeBlock(*stream, end);
    }
  } else {
    connection.received(*frame);
  }
  return 0;
}

int Connection::Callbacks::frameSent(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  Connection& connection = self(user);
  const bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (frame->hd.type == NGHTTP2_HEADERS || (frame->hd.type == NGHTTP2_DATA && end)) {
    if (Stream* stream = connection.streams_.find(static_cast<StreamId>(frame->hd.stream_id))) {
      stream->headSent = true;
      stream->endSent = stream->endSent || end;
      // A client need not send the rest of a request that has had its whole response (RFC
      // 9113 8.1).
      const bool over = stream->endSent && (stream->given || !stream->tunnel);
      if (connection.server_ && over && !stream->receiveEnded) {
        connection.cut(*stream, NGHTTP2_NO_ERROR);
      }
    }
  }
  connection.sent(*frame);
  return 0;
}

int Connection::Callbacks::frameNotSent(nghttp2_session*, const nghttp2_frame* frame, int error,
                                        void* user) {
  self(user).notSent(*frame, error);
  return 0;
}

int Connection::Callbacks::streamClosed(nghttp2_session*, std::int32_t id, std::uint32_t code,
                                        void* user) {
  self(user).closed(static_cast<StreamId>(id), code);
  return 0;
}

ssize_t Connection::Callbacks::readBody(nghttp2_session*, std::int32_t id, std::uint8_t* buffer,
                                        std::size_t length, std::uint32_t* flags,
                                        nghttp2_data_source*, void* user) {
  return self(user).give(static_cast<StreamId>(id), buffer, length, *flags);
}

}  // namespace hitless::proxy::http2
