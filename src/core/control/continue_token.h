#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/control/api_error.h"

namespace hitless::control {

/// Where the next page of a list begins: what is behind metadata.continue. Clients must not look
/// inside; the form is kube-apiserver's (apiserver/pkg/storage/continue.go).
struct ContinueToken {
  /// The list's revision; negative: whatever it is when the page is asked for.
  std::int64_t revision = 0;
  /// The last object of the page before.
  std::string ns;
  std::string name;

  std::string encode() const;
  /// BadRequest if the text is no token.
  static ApiResult<ContinueToken> decode(std::string_view text);
};

}  // namespace hitless::control
