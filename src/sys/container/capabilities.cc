#include "sys/container/capabilities.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hitless::sys {

void boundCapabilities(std::uint64_t kept) {
  for (unsigned capability = 0; capability < 64; ++capability) {
    if ((kept >> capability & 1) == 0) {
      // EINVAL beyond the kernel's last capability.
      ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    }
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

void limitCapabilities(std::uint64_t kept) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (::syscall(SYS_capget, &header, data) != 0) {
    return;
  }
  for (unsigned i = 0; i < 2; ++i) {
    const auto part = static_cast<std::uint32_t>(kept >> (32 * i));
    data[i].effective &= part;
    data[i].permitted &= part;
    data[i].inheritable = 0;
  }
  ::syscall(SYS_capset, &header, data);
}

}  // namespace hitless::sys
