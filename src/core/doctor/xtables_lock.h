#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Who holds the lock of iptables-legacy, and who waits for it.
namespace hitless::doctor {

struct LockHolders {
  std::vector<std::int32_t> holders;  ///< 0 where it is in a pid namespace that we cannot see.
  std::vector<std::int32_t> waiters;
  bool operator==(const LockHolders&) const = default;
};

/// Of proc/locks. `file` as evidence_names.h kXtablesLock: "00:1a:1234", the device in hexadecimal
/// and the inode, as proc/locks names files.
LockHolders lockHolders(std::string_view locks, std::string_view file);

}  // namespace hitless::doctor
