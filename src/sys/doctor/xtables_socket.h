#pragma once

#include <linux/netfilter/x_tables.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/ip.h"
#include "core/iptables/xt_text.h"
#include "core/xtables/table.h"

namespace hitless::sys {

/// What IPT_SO_GET_ENTRIES copied: up to 512 MiB.
class TableBytes {
 public:
  static Result<TableBytes> allocate(std::size_t size);
  std::uint8_t* data() { return memory_.get(); }
  xtables::ByteView entries() const;

 private:
  struct Unmap {
    std::size_t size;
    void operator()(std::uint8_t* memory) const;
  };
  TableBytes(std::uint8_t* memory, std::size_t size) : memory_(memory, Unmap{size}) {}

  std::unique_ptr<std::uint8_t, Unmap> memory_;
};

/// The kernel's door to legacy tables: socket options of a raw socket (linux/netfilter_ipv4/
/// ip_tables.h), in the network namespace in which it was opened. Takes no lock.
class XtablesSocket {
 public:
  /// kPermission without CAP_NET_RAW and CAP_NET_ADMIN.
  static Result<XtablesSocket> open(IpFamily family);

  /// Microseconds, however large it is. Asking for a table that does not exist makes it: ask only
  /// for what existingTables() names. kNotFound if the kernel has none of this name.
  Result<xtables::TableInfo> info(const std::string& table) const;
  /// kConflict if the table has another size by now.
  Result<TableBytes> entries(const xtables::TableInfo& info) const;
  /// Puts a table in the place of one that has `oldEntries`, in one step; gives the old one's
  /// counters. kConflict if it has another number of entries by now.
  Result<std::vector<xt_counters>> replace(xtables::Assembled& table,
                                           std::uint32_t oldEntries) const;
  /// Adds to the counters, one for each entry.
  Status addCounters(const std::string& table, const std::vector<xt_counters>& counters) const;
  /// The IP sets that matches of the table ask.
  iptables::SetNames setNames(const xtables::Table& table) const;

 private:
  struct Close {
    int fd = -1;
    explicit Close(int socket) : fd(socket) {}
    ~Close();
    Close(const Close&) = delete;
    Close& operator=(const Close&) = delete;
  };
  XtablesSocket(IpFamily family, int fd) : family_(family), fd_(std::make_shared<Close>(fd)) {}
  int level() const;
  /// 0 or errno.
  int get(int option, void* value, std::size_t size) const;
  int set(int option, const void* value, std::size_t size) const;

  IpFamily family_;
  std::shared_ptr<Close> fd_;
};

/// The legacy tables of the thread's network namespace, by /proc/thread-self/net/ip_tables_names:
/// none if nobody has used any.
std::vector<std::string> existingTables(IpFamily family);

/// Room for the head of IPT_SO_SET_REPLACE, the same for both families.
constexpr std::size_t kReplaceHead = 96;

}  // namespace hitless::sys
