#include <algorithm>
#include <utility>

#include "core/proxy/http2/callbacks.h"
#include "core/proxy/http2/error_code.h"

/// The part of Connection that moves bodies, and streams to their end.
namespace hitless::proxy::http2 {

void Connection::send(StreamId id, std::string_view bytes, bool end) {
  Stream* stream = streams_.find(id);
  if (stream == nullptr || stream->sendEnded) {
    return;
  }
  stream->queue.push(bytes);
  stream->sendEnded = end;
  stream->aboveHighWater = stream->aboveHighWater || stream->queue.size() > kHighWater;
  if (stream->deferred && (end || !bytes.empty())) {
    stream->deferred = false;
    nghttp2_session_resume_data(session_, static_cast<std::int32_t>(id));
  }
}

void Connection::sendTrailers(StreamId id, const Fields& trailers) {
  Stream* stream = streams_.find(id);
  if (stream == nullptr || stream->sendEnded) {
    return;
  }
  stream->trailers = trailers;
  send(id, {}, true);
}

void Connection::reset(StreamId id, StreamError error) {
  Stream* stream = streams_.find(id);
  if (stream == nullptr) {
    std::erase_if(endedStreams_, [id](const Ended& ended) { return ended.id == id; });
    return;
  }
  if (server_ && error == StreamError::kNone && stream->sendEnded && !stream->endSent) {
    // What has been given to be sent is sent first: RST_STREAM would overtake it (RFC 9113 8.1).
    stream->given = true;
    consumed(id, stream->unconsumed);
    return;
  }
  cut(*stream, errorCode(error, server_));
}

void Connection::cut(Stream& stream, std::uint32_t code) {
  const auto id = static_cast<std::int32_t>(stream.id);
  forget(stream);
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, code);
}

void Connection::forget(Stream& stream) {
  if (stream.unconsumed > 0) {
    nghttp2_session_consume_connection(session_, stream.unconsumed);
  }
  streams_.remove(stream.id);
}

void Connection::consumed(StreamId id, std::size_t bytes) {
  Stream* stream = streams_.find(id);
  if (stream == nullptr) {
    return;  // It was given back when the stream was forgotten.
  }
  bytes = std::min(bytes, stream->unconsumed);
  if (bytes == 0) {
    return;
  }
  stream->unconsumed -= bytes;
  if (stream->receiveEnded) {
    nghttp2_session_consume_connection(session_, bytes);
  } else {
    nghttp2_session_consume(session_, static_cast<std::int32_t>(id), bytes);
  }
}

std::size_t Connection::queued(StreamId id) const {
  const Stream* stream = streams_.find(id);
  return stream == nullptr ? 0 : stream->queue.size();
}

nghttp2_data_provider Connection::body() const {
  return {{}, Callbacks::readBody};
}

ssize_t Connection::give(StreamId id, std::uint8_t* to, std::size_t room, std::uint32_t& flags) {
  Stream* stream = streams_.find(id);
  if (stream == nullptr) {
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // It is reset, which is yet to be sent.
  }
  const std::size_t count = std::min(room, stream->queue.size());
  if (count == 0 && !stream->sendEnded) {
    stream->deferred = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  stream->queue.pop(reinterpret_cast<char*>(to), count);
  if (stream->aboveHighWater && stream->queue.size() <= kLowWater) {
    stream->aboveHighWater = false;
    drained_.push_back(id);
  }
  if (stream->sendEnded && stream->queue.empty()) {
    flags |= NGHTTP2_DATA_FLAG_EOF;
    block_.trailers(stream->trailers);
    if (block_.size() > 0) {
      flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      nghttp2_submit_trailer(session_, static_cast<std::int32_t>(id), block_.data(), block_.size());
    }
  }
  return static_cast<ssize_t>(count);
}

void Connection::takeData(StreamId id, std::string_view bytes) {
  flushData(false);
  Stream* stream = streams_.find(id);
  if (stream == nullptr || stream->given) {
    nghttp2_session_consume(session_, static_cast<std::int32_t>(id), bytes.size());
    return;
  }
  stream->unconsumed += bytes.size();
  dataStream_ = id;
  data_ = bytes;
}

void Connection::flushData(bool end) {
  const StreamId id = std::exchange(dataStream_, 0);
  const std::string_view bytes = std::exchange(data_, {});
  const Stream* stream = id == 0 ? nullptr : streams_.find(id);
  if (stream != nullptr && stream->announced && !stream->given && (end || !bytes.empty())) {
    events_.data(id, bytes, end);
  }
}

/// nghttp2 is through with a stream: both sides have ended it, or one has reset it.
void Connection::closed(StreamId id, std::uint32_t code) {
  flushData(false);
  Stream* stream = streams_.find(id);
  if (stream == nullptr) {
    return;
  }
  if (stream->endSent && stream->receiveEnded) {
    ending(*stream);
    return forget(*stream);
  }
  endStream(id, streamError(code));
}

void Connection::notSent(const nghttp2_frame& frame, int error) {
  const auto id = static_cast<StreamId>(frame.hd.stream_id);
  if (frame.hd.type != NGHTTP2_HEADERS || streams_.find(id) == nullptr) {
    return;
  }
  const bool begins = !server_ && frame.headers.cat == NGHTTP2_HCAT_REQUEST;
  const bool late = begins && error == NGHTTP2_ERR_START_STREAM_NOT_ALLOWED;
  if (!begins) {  // Else nghttp2 has nothing that it could reset.
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, frame.hd.stream_id,
                              NGHTTP2_INTERNAL_ERROR);
  }
  endStream(id, late ? StreamError::kRefused : StreamError::kInternal);
}

}  // namespace hitless::proxy::http2
