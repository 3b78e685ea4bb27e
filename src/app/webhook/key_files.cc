#include "app/webhook/key_files.h"

#include <spdlog/spdlog.h>

#include "base/clock.h"
#include "sys/files/files.h"

namespace hitless::app {
namespace {

constexpr nanoseconds kPeriod = seconds(5);

}  // namespace

Status KeyFiles::start() {
  last_ = TRY(read());
  onKeys_(last_);
  lookLater();
  return {};
}

Result<sys::KeyPair> KeyFiles::read() const {
  sys::KeyPair pair;
  pair.certificatePem = TRY(sys::readFile(certFile_));
  pair.keyPem = TRY(sys::readFile(keyFile_));
  return pair;
}

void KeyFiles::lookLater() {
  timer_.expires_after(kPeriod);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) {
      return;
    }
    const auto now = read();
    if (!now) {
      spdlog::warn("the certificate stays as it is: {}", now.error().text());
    } else if (now->certificatePem != last_.certificatePem || now->keyPem != last_.keyPem) {
      last_ = *now;
      onKeys_(last_);
    }
    lookLater();
  });
}

}  // namespace hitless::app
