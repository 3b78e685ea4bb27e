#pragma once

#include "core/iptables/walk.h"

namespace hitless::app {

/// Takes a packet that iptables' tables have let pass through nf_tables' own tables at the same
/// hooks: hitless's are followed, after iptables' at each hook, whatever their priority; of others
/// a note says that they were not.
void followNative(iptables::WalkResult& result);

}  // namespace hitless::app
