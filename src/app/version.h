#pragma once

namespace hitless::app {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace hitless::app
