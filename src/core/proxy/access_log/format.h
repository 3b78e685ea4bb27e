#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "core/proxy/access_log/fields.h"

namespace hitless::proxy {

/// How one request becomes one line. Made once, used for every request; nothing that came from
/// outside ends a line or a quoted string in it (escape.h).
class AccessLogFormat {
 public:
  /// Istio's default text format.
  static AccessLogFormat text();
  /// One JSON object per line with the keys of Istio's JSON encoding, and ours.
  static AccessLogFormat json();
  /// Envoy's format strings: "%REQ(:METHOD)% %DURATION%", "%REQ(USER-AGENT):20%" for the first 20
  /// bytes, "%%". A line feed is added at the end if there is none. Errors name the command.
  static Result<AccessLogFormat> parse(std::string_view format);

  /// Appends the line with its line feed.
  void append(std::string& out, const RequestRecord& record) const;

 private:
  struct Part {
    std::string before;               ///< The format's own text.
    const LogField* field = nullptr;  ///< Nullptr: the end.
    std::size_t most = std::string::npos;
    bool quoted = false;  ///< By the format.
  };

  std::vector<Part> parts_;
  bool json_ = false;
};

/// Of Istio's mesh configuration, accessLogFormat's default.
std::string_view istioLogFormat();

}  // namespace hitless::proxy
