#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hitless::kube {

/// RFC 4648 section 4, with padding: how JSON carries []byte.
std::string base64Encode(std::string_view bytes);
/// nullopt if the text is not canonical base64.
std::optional<std::string> base64Decode(std::string_view text);

}  // namespace hitless::kube
