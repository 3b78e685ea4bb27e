#pragma once

#include <optional>
#include <string>

#include "base/clock.h"

namespace hitless::sys {

/// The bearer token for the next request. One that lives in a file (bound service account tokens
/// expire after an hour or less and are replaced before) is read again at most once a minute, and
/// at once after the server has refused it, as client-go does. While the file cannot be read, what
/// was read last serves on.
class TokenSource {
 public:
  /// `file` empty: `token` for ever.
  TokenSource(const Clock& clock, std::string token, std::string file);

  const std::string& current();
  /// The server answered 401 to `token`. True if there is another one to try now.
  bool refused(const std::string& token);

 private:
  void read();

  const Clock& clock_;
  std::string token_;
  std::string file_;
  MonoTime readAgain_;
  bool complained_ = false;
};

}  // namespace hitless::sys
