#include "app/agent/table_guard.h"

#include <spdlog/spdlog.h>

namespace hitless::app {

void TableGuard::onChange(const std::optional<nft::TableChange>& change) {
  ++(change ? metrics_.foreignChanges : metrics_.monitorOverruns);
  if (armed_) {
    return;  // One comparison sees whatever happened before it.
  }
  spdlog::warn("{} in the table of the service rules: restoring it",
               change ? change->text() : "lost track of what others do");
  armed_ = true;
  const MonoTime now = clock_.mono();
  timer_.expires_after(pacer_.next(now) - now);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) {
      armed_ = false;
      loop_.resync();
    }
  });
}

}  // namespace hitless::app
