#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/netfilter.h>
#include <linux/netfilter/xt_CHECKSUM.h>
#include <linux/netfilter/xt_CT.h>
#include <linux/netfilter/xt_NFLOG.h>
#include <linux/netfilter/xt_NFQUEUE.h>
#include <linux/netfilter/xt_TCPMSS.h>
#include <linux/netfilter/xt_TPROXY.h>
#include <linux/netfilter/xt_connmark.h>
#include <linux/netfilter/xt_mark.h>

#include <array>

#include "core/iptables/xt_words.h"

namespace hitless::iptables::xt {
namespace {

constexpr std::array<std::string_view, 9> kRejects4{"icmp-net-unreachable",
                                                    "icmp-host-unreachable",
                                                    "icmp-proto-unreachable",
                                                    "icmp-port-unreachable",
                                                    "",
                                                    "icmp-net-prohibited",
                                                    "icmp-host-prohibited",
                                                    "tcp-reset",
                                                    "icmp-admin-prohibited"};
constexpr std::array<std::string_view, 9> kRejects6{"icmp6-no-route",
                                                    "icmp6-adm-prohibited",
                                                    "",
                                                    "icmp6-addr-unreachable",
                                                    "icmp6-port-unreachable",
                                                    "",
                                                    "tcp-reset",
                                                    "icmp6-policy-fail",
                                                    "icmp6-reject-route"};

Words reject(const Info& info) {
  const auto& names = info.family == IpFamily::kV4 ? kRejects4 : kRejects6;
  const auto with = info.as<std::uint32_t>();
  if (!with || *with >= names.size() || names.at(*with).empty()) {
    return std::nullopt;
  }
  return fmt::format(" --reject-with {}", names.at(*with));
}

Words setMark(const Info& info) {
  const auto value = info.as<xt_mark_tginfo2>();
  if (!value) {
    return std::nullopt;
  }
  return fmt::format(" --set-xmark {:#x}/{:#x}", value->mark, value->mask);
}

Words connmarkWords(std::uint8_t mode, std::uint32_t ctmark, std::uint32_t ctmask,
                    std::uint32_t nfmask) {
  switch (mode) {
    case XT_CONNMARK_SET:
      return fmt::format(" --set-xmark {:#x}/{:#x}", ctmark, ctmask);
    case XT_CONNMARK_SAVE:
      return fmt::format(" --save-mark --nfmask {:#x} --ctmask {:#x}", nfmask, ctmask);
    case XT_CONNMARK_RESTORE:
      return fmt::format(" --restore-mark --nfmask {:#x} --ctmask {:#x}", nfmask, ctmask);
    default:
      return std::nullopt;
  }
}

Words connmark1(const Info& info) {
  const auto value = info.as<xt_connmark_tginfo1>();
  if (!value) {
    return std::nullopt;
  }
  return connmarkWords(value->mode, value->ctmark, value->ctmask, value->nfmask);
}

Words connmark2(const Info& info) {
  const auto value = info.as<xt_connmark_tginfo2>();
  if (!value || value->shift_bits != 0) {
    return std::nullopt;
  }
  return connmarkWords(value->mode, value->ctmark, value->ctmask, value->nfmask);
}

template <const char* kName, int kRevision>
Words nat(const Info& info) {
  return natWords(kName, kRevision, info);
}
constexpr char kDnat[] = "DNAT";
constexpr char kSnat[] = "SNAT";
constexpr char kMasquerade[] = "MASQUERADE";
constexpr char kRedirect[] = "REDIRECT";

Words log(const Info& info) {
  struct LogInfo {  // ipt_log_info of linux/netfilter_ipv4/ipt_LOG.h and its sister for IPv6.
    std::uint8_t level;
    std::uint8_t flags;
    char prefix[30];
  };
  constexpr std::uint8_t kDefaultLevel = 4;
  constexpr std::array<std::string_view, 6> kFlags{
      " --log-tcp-sequence", " --log-tcp-options", " --log-ip-options", " --log-uid", "",
      " --log-macdecode"};
  const auto value = info.as<LogInfo>();
  if (!value) {
    return std::nullopt;
  }
  std::string words;
  if (value->prefix[0] != '\0') {
    words += " --log-prefix " + quoted(text(value->prefix));
  }
  if (value->level != kDefaultLevel) {
    words += fmt::format(" --log-level {}", value->level);
  }
  for (std::size_t bit = 0; bit < kFlags.size(); ++bit) {
    words += (value->flags >> bit & 1) != 0 ? kFlags.at(bit) : "";
  }
  return words;
}

Words nflog(const Info& info) {
  const auto value = info.as<xt_nflog_info>();
  if (!value) {
    return std::nullopt;
  }
  std::string words;
  if (value->prefix[0] != '\0') {
    words += " --nflog-prefix " + quoted(text(value->prefix));
  }
  if (value->group != 0) {
    words += fmt::format(" --nflog-group {}", value->group);
  }
  if ((value->flags & XT_NFLOG_F_COPY_LEN) != 0) {
    words += fmt::format(" --nflog-size {}", value->len);
  } else if (value->len != 0) {
    words += fmt::format(" --nflog-range {}", value->len);
  }
  if (value->threshold != XT_NFLOG_DEFAULT_THRESHOLD) {
    words += fmt::format(" --nflog-threshold {}", value->threshold);
  }
  return words;
}

Words ctWords(const xt_ct_target_info& value, std::string_view timeout) {
  if ((value.flags & XT_CT_NOTRACK_ALIAS) != 0) {
    return "";
  }
  if (value.ct_events != 0 || value.exp_events != 0) {
    return std::nullopt;
  }
  std::string words = (value.flags & XT_CT_NOTRACK) != 0 ? " --notrack" : "";
  if (value.helper[0] != '\0') {
    words += fmt::format(" --helper {}", text(value.helper));
  }
  if (!timeout.empty()) {
    words += fmt::format(" --timeout {}", timeout);
  }
  const bool original = (value.flags & XT_CT_ZONE_DIR_ORIG) != 0;
  const bool reply = (value.flags & XT_CT_ZONE_DIR_REPL) != 0;
  const char* option = original ? " --zone-orig" : reply ? " --zone-reply" : " --zone";
  if ((value.flags & XT_CT_ZONE_MARK) != 0) {
    words += fmt::format("{} mark", option);
  } else if (value.zone != 0) {
    words += fmt::format("{} {}", option, value.zone);
  }
  return words;
}

Words ct0(const Info& info) {
  const auto value = info.as<xt_ct_target_info>();
  return value ? ctWords(*value, {}) : std::nullopt;
}

/// The old form is the new one's beginning.
Words ct1(const Info& info) {
  const auto value = info.as<xt_ct_target_info_v1>();
  if (!value) {
    return std::nullopt;
  }
  xt_ct_target_info old{};
  std::memcpy(&old, &*value, offsetof(xt_ct_target_info_v1, timeout));
  return ctWords(old, text(value->timeout));
}

Words tcpmss(const Info& info) {
  const auto value = info.as<xt_tcpmss_info>();
  if (!value) {
    return std::nullopt;
  }
  return value->mss == XT_TCPMSS_CLAMP_PMTU ? " --clamp-mss-to-pmtu"
                                            : fmt::format(" --set-mss {}", value->mss);
}

Words tproxyWords(const IpAddress& at, unsigned port, unsigned mark, unsigned mask) {
  return fmt::format(" --on-port {} --on-ip {} --tproxy-mark {:#x}/{:#x}", port, at.text(), mark,
                     mask);
}

Words tproxy0(const Info& info) {
  const auto value = info.as<xt_tproxy_target_info>();
  if (!value) {
    return std::nullopt;
  }
  return tproxyWords(address(&value->laddr, IpFamily::kV4), ntohs(value->lport), value->mark_value,
                     value->mark_mask);
}

Words tproxy1(const Info& info) {
  const auto value = info.as<xt_tproxy_target_info_v1>();
  if (!value) {
    return std::nullopt;
  }
  return tproxyWords(address(&value->laddr, info.family), ntohs(value->lport), value->mark_value,
                     value->mark_mask);
}

Words nfqueue(const Info& info) {
  const auto value = info.as<xt_NFQ_info_v3>();
  if (!value) {
    return std::nullopt;
  }
  std::string words = fmt::format(" --queue-num {}", value->queuenum);
  if (value->queues_total > 1) {
    words = fmt::format(" --queue-balance {}:{}", value->queuenum,
                        value->queuenum + value->queues_total - 1);
  }
  words += (value->flags & NFQ_FLAG_BYPASS) != 0 ? " --queue-bypass" : "";
  words += (value->flags & NFQ_FLAG_CPU_FANOUT) != 0 ? " --queue-cpu-fanout" : "";
  return words;
}

Words checksum(const Info& info) {
  const auto value = info.as<xt_CHECKSUM_info>();
  if (!value || value->operation != XT_CHECKSUM_OP_FILL) {
    return std::nullopt;
  }
  return " --checksum-fill";
}

Words nothing(const Info&) {
  return "";
}

constexpr Writer kTargets[] = {
    {"REJECT", 0, reject},
    {"MARK", 2, setMark},
    {"CONNMARK", 1, connmark1},
    {"CONNMARK", 2, connmark2},
    {"DNAT", 0, nat<kDnat, 0>},
    {"DNAT", 1, nat<kDnat, 1>},
    {"DNAT", 2, nat<kDnat, 2>},
    {"SNAT", 0, nat<kSnat, 0>},
    {"SNAT", 1, nat<kSnat, 1>},
    {"SNAT", 2, nat<kSnat, 2>},
    {"MASQUERADE", 0, nat<kMasquerade, 0>},
    {"REDIRECT", 0, nat<kRedirect, 0>},
    {"LOG", 0, log},
    {"NFLOG", 0, nflog},
    {"CT", 0, ct0},
    {"CT", 1, ct1},
    {"CT", 2, ct1},
    {"NOTRACK", 0, nothing},
    {"TRACE", 0, nothing},
    {"TCPMSS", 0, tcpmss},
    {"TPROXY", 0, tproxy0},
    {"TPROXY", 1, tproxy1},
    {"NFQUEUE", 3, nfqueue},
    {"CHECKSUM", 0, checksum},
};

}  // namespace

Words targetWords(std::string_view name, std::uint8_t revision, const Info& info) {
  for (const Writer& writer : kTargets) {
    if (writer.name == name && writer.revision == revision) {
      return writer.write(info);
    }
  }
  return std::nullopt;
}

std::string_view targetName(std::string_view name, std::uint8_t, const Info& info) {
  const auto value = info.as<xt_ct_target_info>();
  const bool alias = name == "CT" && value && (value->flags & XT_CT_NOTRACK_ALIAS) != 0;
  return alias ? "NOTRACK" : name;
}

}  // namespace hitless::iptables::xt
