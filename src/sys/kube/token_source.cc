#include "sys/kube/token_source.h"

#include <spdlog/spdlog.h>

#include "base/text.h"
#include "sys/files/files.h"

namespace hitless::sys {
namespace {

/// client-go transport/token_source.go: the kubelet replaces a token when 80 % of its life is over,
/// so a minute is soon enough.
constexpr nanoseconds kReadEvery = seconds(60);

}  // namespace

TokenSource::TokenSource(const Clock& clock, std::string token, std::string file)
    : clock_(clock), token_(std::move(token)), file_(std::move(file)), readAgain_(clock.mono()) {}

const std::string& TokenSource::current() {
  if (!file_.empty() && clock_.mono() >= readAgain_) {
    read();
  }
  return token_;
}

bool TokenSource::refused(const std::string& token) {
  // Another request may have found the new one already.
  if (!file_.empty() && token == token_) {
    read();
  }
  return token != token_;
}

void TokenSource::read() {
  readAgain_ = clock_.mono() + kReadEvery;
  const Result<std::string> content = readFile(file_);
  const std::string token(content ? trim(*content) : std::string_view());
  if (!token.empty()) {
    token_ = token;
  } else if (!complained_) {
    spdlog::warn("cannot renew the token, the last one serves on: {}",
                 content ? file_ + ": the file is empty" : content.error().text());
  }
  complained_ = token.empty();
}

}  // namespace hitless::sys
