#include "app/agent/number_asker.h"

#include <spdlog/spdlog.h>

#include "core/departed/segment.h"

namespace hitless::app {
namespace {

/// So that no two questions that follow each other carry nearly the same number.
constexpr std::uint32_t kStride = 0x55555555;
/// A packet takes some microseconds.
constexpr std::size_t kAtATime = 256;

}  // namespace

void NumberAsker::ask(const std::vector<conntrack::Tuple>& ends) {
  if (!able() || ends.empty()) {
    return;
  }
  const bool underWay = !waiting_.empty();
  waiting_.insert(waiting_.end(), ends.begin(), ends.end());
  if (!underWay) {
    askSome();
  }
}

void NumberAsker::stop() {
  waiting_.clear();
  turn_.cancel();
}

void NumberAsker::askSome() {
  for (std::size_t i = 0; i < kAtATime && !waiting_.empty(); ++i) {
    const conntrack::Tuple end = waiting_.front();
    waiting_.pop_front();
    ++asked_;
    const Status sent =
        packets_->sendUntracked(departed::askForNumbers(end, asked_ * kStride), end.source);
    if (!sent) {
      spdlog::debug("cannot ask {} how far its connection is: {}", end.source.text(),
                    sent.error().text());
    }
  }
  if (!waiting_.empty()) {
    turn_.expires_after({});
    turn_.async_wait([this](const boost::system::error_code& error) {
      if (!error) {
        askSome();
      }
    });
  }
}

}  // namespace hitless::app
