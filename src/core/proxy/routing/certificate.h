#pragma once

#include <string>
#include <string_view>

namespace hitless::proxy::routing {

/// What is wrong with a certificate chain and a private key, both PEM; empty: they fit each other.
std::string certificateError(std::string_view chainPem, std::string_view keyPem);

}  // namespace hitless::proxy::routing
