#pragma once

#include <nghttp2/nghttp2.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/load/result.h"

namespace hitless::load {

/// The requests of a load on HTTP/2: all are the same.
struct Http2Request {
  std::vector<std::pair<std::string, std::string>> headers;  ///< Pseudo headers first.
  std::string body;
};

/// `authority` is what goes into :authority. An RPC carries its message with gRPC's five bytes of
/// prefix and no deadline.
Http2Request http2Request(const LoadSpec& spec, const std::string& authority);

/// What became of a stream.
struct StreamEnd {
  std::int32_t stream = 0;
  int status = 0;                      ///< HTTP's; 0 if no response came.
  std::optional<GrpcStatus> grpc;      ///< What the trailers say.
  bool complete = false;               ///< The response came to its end.
  bool unprocessed = false;            ///< Above the last stream of the peer's GOAWAY, or not sent.
  std::optional<std::uint32_t> reset;  ///< The peer's RST_STREAM.
};

/// The client's side of one HTTP/2 connection: bytes in, bytes out. Survives any bytes.
class Http2Session {
 public:
  /// `request` must outlive the session.
  explicit Http2Session(const Http2Request& request);
  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;

  /// The id of the new stream; nullopt if there are no more on this connection.
  std::optional<std::int32_t> submit();
  /// Gives a stream up; nothing more is heard of it.
  void cancel(std::int32_t stream);

  void feed(std::string_view bytes);
  /// Bytes for the peer. They stay until they are taken.
  std::string_view output();
  void take(std::size_t count);

  /// The peer's SETTINGS have come: until then C-core does not count a connection as made.
  bool ready() const { return ready_; }
  /// The error code of the peer's GOAWAY: no new streams.
  std::optional<std::uint32_t> goaway() const { return goaway_; }
  /// Streams that have ended since the last call.
  std::vector<StreamEnd> takeEnded() { return std::exchange(ended_, {}); }
  /// A part of the response has come.
  bool responding(std::int32_t stream) const;
  std::size_t open() const { return streams_.size(); }
  /// Nothing more will come and nothing more is to be said.
  bool finished() const;
  /// What the peer did wrong; empty if nothing.
  const std::string& error() const { return error_; }

 private:
  struct Stream {
    StreamEnd end;
    std::size_t bodySent = 0;
    bool sent = false;  ///< Its HEADERS; until then it waits for the peer's limit on streams.
    bool responding = false;
    int grpcCode = -1;
    std::string grpcMessage;
  };
  struct Callbacks;
  struct Deleter {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };

  Stream* find(std::int32_t id);
  void onHeader(std::int32_t id, std::string_view name, std::string_view value);
  void onFrame(const nghttp2_frame& frame);
  void onClosed(std::int32_t id, std::uint32_t errorCode);
  void onNotSent(std::int32_t id);
  void endUnsent();
  void end(std::int32_t id, Stream& stream);

  const Http2Request& request_;
  std::vector<nghttp2_nv> headers_;
  std::unique_ptr<nghttp2_session, Deleter> session_;
  std::unordered_map<std::int32_t, Stream> streams_;
  std::vector<StreamEnd> ended_;
  std::string out_;
  std::size_t taken_ = 0;  ///< Of out_.
  bool ready_ = false;
  std::optional<std::uint32_t> goaway_;
  std::string error_;
};

}  // namespace hitless::load
