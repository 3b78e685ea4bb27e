#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hitless::load {

/// Reads HTTP/1.1 responses (RFC 9112) from bytes as they come. Keeps no body; keeps at most one
/// incomplete line. Survives any bytes.
class ResponseParser {
 public:
  /// Status line, headers and trailers of one response, interim responses included.
  static constexpr std::size_t kMaxHead = 64 * 1024;

  /// Makes ready for the next response. The response to HEAD has no body.
  void reset(bool headRequest);

  /// Takes bytes up to the response's end and returns how many it took.
  std::size_t feed(std::string_view bytes);
  /// The peer closed the connection: ends a response that lasts until then.
  void finish();

  bool done() const { return state_ == State::kDone; }
  bool failed() const { return state_ == State::kFailed; }
  /// At least one byte has come.
  bool started() const { return started_; }
  /// Of the final response; 0 before its status line.
  int status() const { return status_; }
  /// After done(): the connection may carry another request.
  bool reusable() const { return reusable_; }
  /// What is wrong, after failed().
  const char* error() const { return error_; }

 private:
  enum class State {
    kStatusLine,
    kHeaders,
    kFixedBody,
    kChunkSize,
    kChunkData,
    kChunkEnd,
    kTrailers,
    kUntilClose,
    kDone,
    kFailed,
  };

  bool inLine() const;
  std::size_t feedLine(std::string_view bytes);
  std::size_t feedBody(std::string_view bytes);
  void onLine(std::string_view line);
  void onStatusLine(std::string_view line);
  void onHeader(std::string_view line);
  void onContentLength(std::string_view value);
  void onConnection(std::string_view value);
  void onHeadEnd();
  void onChunkSize(std::string_view line);
  void complete(bool reusable);
  void fail(const char* why);

  State state_ = State::kStatusLine;
  bool headRequest_ = false;
  bool started_ = false;
  bool keepAlive_ = true;
  bool chunked_ = false;
  bool encoded_ = false;  ///< There is a Transfer-Encoding.
  bool hasLength_ = false;
  bool reusable_ = false;
  int status_ = 0;
  std::uint64_t length_ = 0;  ///< Content-Length
  std::uint64_t left_ = 0;    ///< Of the body or of the chunk.
  std::size_t head_ = 0;      ///< Bytes of lines so far, against kMaxHead.
  std::string line_;          ///< The beginning of a line whose end has not come.
  const char* error_ = "";
};

}  // namespace hitless::load
