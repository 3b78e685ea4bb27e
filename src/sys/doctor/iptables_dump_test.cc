#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/iptables/dump.h"
#include "core/iptables/rule.h"
#include "core/iptables/walk.h"
#include "testing/iptables_dumps.h"
#include "testing/pod_network.h"
#include "testing/temp_folder.h"

/// What we make of dumps, against the machine's own tools and kernel.
namespace hitless::sys {
namespace {

using testing::Fd;
using testing::inNamespaces;
using testing::outputOf;
using testing::TempFolder;

class Iptables : public ::testing::TestWithParam<const char*> {
 protected:
  /// "iptables-nft-restore"; the lock is a file of our own.
  static std::string tool(const TempFolder& folder, const std::string& action) {
    return "XTABLES_LOCKFILE=" + (folder.path() / "lock").string() + " " + GetParam() + action;
  }
  static std::string restore(const TempFolder& folder, std::string_view rules) {
    return outputOf(tool(folder, "-restore") + " < " + folder.write("rules", std::string(rules)));
  }
};
std::string toolName(const ::testing::TestParamInfo<const char*>& tested) {
  std::string name(tested.param);
  std::erase(name, '-');
  return name;
}

INSTANTIATE_TEST_SUITE_P(, Iptables, ::testing::Values("iptables-nft", "iptables-legacy"),
                         toolName);

/// Spellings that the dump of a node may have; not every kernel knows them all.
constexpr const char* kRules[] = {
    "-m comment --comment \"a \\\"b\\\" it's \\\\ c\" -j ACCEPT",
    "-m comment --comment -j -j ACCEPT",
    "-m comment --comment '' -j LOG --log-prefix 'x y: '",
    "! -s 10.0.0.0/8 ! -i eth+ -p tcp -m tcp ! --syn --sport 1000:2000 -j DROP",
    "-p icmp -m icmp --icmp-type echo-request -m limit --limit 1/sec -j ACCEPT",
    "-p udp -m multiport ! --dports 53,1000:2000 -m mark ! --mark 0x1/0x1 -j RETURN",
    "-p tcp -m string --string 'GET /' --algo bm -j NFLOG --nflog-prefix 'a/b' --nflog-group 7",
    "-m recent --name 'a b' --rcheck --seconds 10 -j REJECT --reject-with icmp-host-prohibited",
    "-m hashlimit --hashlimit-name h --hashlimit-above 10/sec --hashlimit-mode srcip -j DROP",
    "-m conntrack --ctstate NEW,RELATED --ctorigdst 10.0.0.0/8 --ctdir ORIGINAL -j ACCEPT",
    "-m iprange --src-range 10.0.0.1-10.0.0.9 -m pkttype --pkt-type unicast -j ACCEPT",
    "-m statistic --mode nth --every 3 --packet 1 -j ACCEPT",
    "-m mac --mac-source 00:11:22:33:44:55 -m ttl --ttl-lt 5 -j DROP",
    "-s 10.0.1.0/255.0.255.0 -j ACCEPT",
    "-m connmark --mark 0x4/0xff -m owner --uid-owner 12 -j ACCEPT",
    "-f -j DROP",
};

TEST_P(Iptables, PrintsWhatWeRenderOfIt) {
  inNamespaces([] {
    const TempFolder folder;
    EXPECT_EQ(restore(folder, ::testing::kDockerDump), "");
    for (const char* rule : kRules) {
      outputOf(tool(folder, "") + " -A OUTPUT " + rule);
    }
    for (const char* options : {"", " -c"}) {
      const auto dump = iptables::parseDump(outputOf(tool(folder, "-save") + options));
      ASSERT_TRUE(dump) << dump.error().text();
      std::size_t rules = 0;
      for (const iptables::Table& table : dump->tables) {
        for (const iptables::Chain& chain : table.chains) {
          for (const iptables::RuleText& text : chain.rules) {
            const auto rule = iptables::parseRule(text.text);
            ASSERT_TRUE(rule) << text.text;
            EXPECT_EQ(iptables::render(*rule), text.text);
            ++rules;
          }
        }
      }
      EXPECT_GE(rules, 41U + 10U) << outputOf(tool(folder, "-save"));
    }
  });
}

constexpr std::string_view kFiltered = R"(*mangle
:PREROUTING ACCEPT [0:0]
-A PREROUTING -p tcp -m tcp --dport 2006 -j MARK --set-xmark 0x6/0xff
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:SVC - [0:0]
:ONE - [0:0]
-A PREROUTING -d 10.96.0.1/32 -p tcp -m comment --comment "a service" -m tcp --dport 80 -j SVC
-A PREROUTING -p tcp -m tcp --dport 2007 -j REDIRECT --to-ports 8080
-A POSTROUTING -m mark --mark 0x6/0xff -j MASQUERADE
-A SVC -s 10.1.0.1/32 -j ONE
-A ONE -p tcp -j DNAT --to-destination 10.3.0.1:8080
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:WEB - [0:0]
:LAST - [0:0]
-A INPUT -p tcp -m tcp --dport 2001 -j REJECT --reject-with tcp-reset
-A INPUT -p tcp -m multiport --dports 2002,2003 -j DROP
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i pod-0 -o pod-2 -m conntrack --ctstate DNAT -j ACCEPT
-A FORWARD -p tcp -m tcp --dport 2004 -j WEB
-A FORWARD -m mark --mark 0x6/0xff -j ACCEPT
-A FORWARD -p tcp -m tcp --dport 2005 -g LAST
-A FORWARD -p tcp -m tcp --dport 8080 -j ACCEPT
-A WEB ! -s 10.1.0.0/16 -j RETURN
-A WEB -m addrtype --dst-type LOCAL -j DROP
-A WEB -p tcp -j REJECT --reject-with tcp-reset
-A LAST -d 10.2.0.0/16 -j RETURN
-A LAST -p tcp -j REJECT --reject-with tcp-reset
COMMIT
)";

class IptablesWalk : public Iptables {
 protected:
  static bool v6() { return std::string_view(GetParam()).starts_with("ip6"); }

  /// kFiltered, or the same in the other family.
  static std::string rules() {
    std::string text(kFiltered);
    if (!v6()) {
      return text;
    }
    const std::pair<const char*, const char*> kWords[] = {{"10.1.0.1/32", "fd00:1::1/128"},
                                                          {"10.96.0.1/32", "fd00:96::1/128"},
                                                          {"10.1.0.0/16", "fd00:1::/32"},
                                                          {"10.2.0.0/16", "fd00:2::/32"},
                                                          {"10.3.0.1:8080", "[fd00:3::1]:8080"}};
    for (const auto& [from, to] : kWords) {
      for (auto at = text.find(from); at != std::string::npos; at = text.find(from)) {
        text.replace(at, std::string_view(from).size(), to);
      }
    }
    return text;
  }
};
INSTANTIATE_TEST_SUITE_P(, IptablesWalk,
                         ::testing::Values("iptables-nft", "iptables-legacy", "ip6tables-nft",
                                           "ip6tables-legacy"),
                         toolName);

constexpr std::uint16_t kPorts[] = {2001, 2002, 2004, 2005, 2006, 2007, 8080, 9999};

/// Listens on every port of a host, and says on which a connection came in.
class Listeners {
 public:
  template <class At>
  explicit Listeners(At at) {
    for (const std::uint16_t port : kPorts) {
      sockets_.push_back(at([&] { return testing::serverSocket(SOCK_STREAM, port); }));
    }
  }

  std::optional<std::uint16_t> accepted() {
    for (std::size_t i = 0; i < sockets_.size(); ++i) {
      const Fd peer(::accept(sockets_[i].get(), nullptr, nullptr));
      if (peer.valid()) {
        return kPorts[i];
      }
    }
    return std::nullopt;
  }

 private:
  std::vector<Fd> sockets_;
};

class Node {
 public:
  explicit Node(bool v6) : v6_(v6) {}

  /// A host's, or behind them the router's.
  IpAddress address(std::size_t host) const {
    if (host < network_.size()) {
      return network_.addresses(host)[v6_ ? 1 : 0];
    }
    return *IpAddress::parse(v6_ ? "fd00:ffff::1" : "169.254.1.1");
  }
  IpAddress service() const { return *IpAddress::parse(v6_ ? "fd00:96::1" : "10.96.0.1"); }

  /// "10.3.0.1 8080" that got the connection, "reject", "drop".
  std::string connect(std::size_t from, const IpAddress& to, std::uint16_t port) {
    const Fd client = network_.at(
        from, [&] { return testing::startConnecting(SOCK_STREAM, to, port, address(from)); });
    if (!testing::readable(client.get(), 10, POLLOUT)) {
      // What is not there by the time that a later connection stands will not come.
      const Fd control = network_.at(
          from, [&] { return testing::startConnecting(SOCK_STREAM, address(1), 8080); });
      EXPECT_TRUE(testing::readable(control.get(), 3000, POLLOUT));
      listeners_[1].accepted();
      if (!testing::readable(client.get(), 20, POLLOUT)) {
        return "drop";
      }
    }
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(client.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error == 0 ? acceptor() : "reject";
  }

  /// What the walk says of the same.
  std::string walked(const iptables::Dump& dump, std::size_t from, const IpAddress& to,
                     std::uint16_t port) const {
    iptables::Packet packet;
    packet.source = address(from);
    packet.destination = to;
    packet.sourcePort = 40000;
    packet.destinationPort = port;
    packet.in = fmt::format("pod-{}", from);
    packet.own = {{address(network_.size())}};
    packet.route = [this](const IpAddress& target) {
      const auto host = network_.hostOf(target);
      return host ? std::optional(fmt::format("pod-{}", *host)) : std::nullopt;
    };
    const auto result = iptables::walk({{"dump", &dump}}, std::move(packet));
    EXPECT_TRUE(result && result->sure()) << to.text() << ' ' << port;
    if (!result || result->verdict != iptables::WalkResult::Verdict::kAccept) {
      return result ? std::string(iptables::name(result->verdict)) : "error";
    }
    return fmt::format("{} {}", result->packet.destination.text(),
                       result->packet.destinationPort.value_or(0));
  }

 private:
  std::string acceptor() {
    for (std::size_t host = 0; host <= network_.size(); ++host) {
      if (const auto port = listeners_[host].accepted()) {
        return fmt::format("{} {}", address(host).text(), *port);
      }
    }
    return "nobody";
  }

  Listeners listenersOf(std::size_t host) const {
    return Listeners([&](auto body) { return network_.at(host, body); });
  }

  bool v6_;
  testing::PodNetwork network_{{{*IpAddress::parse("10.1.0.1"), *IpAddress::parse("fd00:1::1")},
                                {*IpAddress::parse("10.2.0.1"), *IpAddress::parse("fd00:2::1")},
                                {*IpAddress::parse("10.3.0.1"), *IpAddress::parse("fd00:3::1")}}};
  std::vector<Listeners> listeners_ = makeListeners();

  std::vector<Listeners> makeListeners() {
    std::vector<Listeners> all;
    for (std::size_t host = 0; host < network_.size(); ++host) {
      all.push_back(listenersOf(host));
    }
    all.emplace_back([](auto body) { return body(); });
    return all;
  }
};

TEST_P(IptablesWalk, DecidesAsTheWalkSays) {
  inNamespaces([] {
    const TempFolder folder;
    Node node(v6());
    ASSERT_EQ(restore(folder, rules()), "");
    const auto dump = iptables::parseDump(outputOf(tool(folder, "-save")));
    ASSERT_TRUE(dump) << dump.error().text();
    std::set<std::string> seen;
    const auto compare = [&](std::size_t from, const IpAddress& to, std::uint16_t port) {
      const std::string kernel = node.connect(from, to, port);
      EXPECT_EQ(node.walked(*dump, from, to, port), kernel)
          << "from " << from << " to " << to.text() << " port " << port;
      seen.insert(kernel);
    };
    for (const std::size_t from : {0U, 1U, 2U}) {
      for (const std::size_t to : {1U, 2U, 3U}) {
        for (const std::uint16_t port : kPorts) {
          if (to != from) {
            compare(from, node.address(to), port);
          }
        }
      }
    }
    compare(0, node.service(), 80);  // No rule leads the others anywhere, and no route.
    // Every kind of outcome was there.
    const std::string last = node.address(2).text();
    EXPECT_THAT(seen,
                ::testing::IsSupersetOf({std::string("drop"), std::string("reject"), last + " 8080",
                                         last + " 2006", node.address(3).text() + " 8080"}));
  });
}

}  // namespace
}  // namespace hitless::sys
