#pragma once

#include <optional>

#include "core/rules/departed_table.h"
#include "sys/netlink/nft_dataplane.h"
#include "sys/netlink/nft_monitor.h"
#include "sys/netlink/packet_log.h"
#include "sys/netlink/raw_packets.h"

namespace hitless::app {

/// What the kernel gives for the addresses of pods that go.
struct DepartedKernel {
  sys::NftDataplane dataplane;
  sys::NftMonitor monitor;
  std::optional<sys::RawPackets> packets;  ///< nullopt: without CAP_NET_RAW, as the log says.
  std::optional<sys::PacketLog> log;
  /// As asked for, without what this kernel lacks, as the log says.
  rules::DepartedTableOptions options;
};

/// The error says what this kernel lacks.
Result<DepartedKernel> openDepartedKernel(rules::DepartedTableOptions options);

/// Removes the table.
Status removeDepartedTable();

}  // namespace hitless::app
