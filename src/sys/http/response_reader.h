#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "sys/http/client.h"

namespace hitless::sys {

/// Reads one HTTP/1.1 response from bytes as they arrive. Does no I/O.
class ResponseReader {
 public:
  using OnBody = std::function<void(std::string_view)>;

  /// `headRequest`: the answer to HEAD has no body. A body larger than `maxBody` is an error.
  ResponseReader(bool headRequest, std::size_t maxBody);
  ~ResponseReader();

  /// Hands the body of a 2xx answer over piece by piece instead of keeping it; no limit applies
  /// then.
  void streamTo(OnBody body);

  /// Takes the next bytes from the peer. Bytes after the end of the response are an error.
  Status put(std::string_view bytes);
  /// The peer closed: an error if the response is not complete by that.
  Status end();

  /// The whole response is there.
  bool done() const;
  /// The connection may serve another request.
  bool keepAlive() const;
  /// 0 until the header is complete.
  int status() const;
  /// The response without what was streamed.
  HttpResponse take();

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
  bool headRequest_;
  std::size_t maxBody_;
  OnBody stream_;
  std::string pending_;
};

/// The bytes of a request. `host` and `port` become the Host header; kInvalid if a part holds a
/// control character that would break the message.
Result<std::string> serializeRequest(const PlainRequest& request);

}  // namespace hitless::sys
