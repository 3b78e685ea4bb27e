#include "app/agent/table_guard.h"

#include <spdlog/spdlog.h>

namespace hitless::app {

void TableGuard::onChange(const std::optional<nft::TableChange>& change) {
  ++(change ? parts_.metrics.foreignChanges : parts_.metrics.monitorOverruns);
  if (armed_) {
    return;  // One comparison sees whatever happened before it.
  }
  spdlog::warn("{} in the table of {}: restoring it",
               change ? change->text() : "lost track of what others do", parts_.rules);
  armed_ = true;
  const MonoTime now = parts_.clock.mono();
  timer_.expires_after(pacer_.next(now) - now);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) {
      armed_ = false;
      parts_.restore();
    }
  });
}

}  // namespace hitless::app
