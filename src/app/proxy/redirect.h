#pragma once

#include "core/rules/proxy_table.h"

namespace hitless::app {

/// Makes the table of this network namespace what the options say, in one transaction; nothing
/// changes if it is so already. kInvalid in the network of the machine itself, where everything
/// that is sent to it would be led away.
Status redirectToProxy(const rules::ProxyTableOptions& options);

/// Removes the table, if it is there.
Status removeRedirection();

}  // namespace hitless::app
