#include "sys/load/name_client.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>

namespace hitless::sys {
namespace {

constexpr std::uint16_t kDnsPort = 53;

}  // namespace

load::NameServers readNameServers(const std::optional<IpAddress>& only) {
  std::ifstream file("/etc/resolv.conf");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return load::nameServersOf(dns::parseResolvConf(text), only);
}

void NameClient::start(std::size_t asker, const std::string& host, MonoTime now) {
  const std::uint64_t id = kTag | ++lastId_;
  const auto placed =
      questions_.emplace(id, Question{asker, load::NameLookup(host, servers_, rng_), Fd(), now});
  proceed(id, placed.first->second.lookup.start(), now);
}

bool NameClient::proceed(std::uint64_t id, load::NameLookup::Step step, MonoTime now) {
  Question& question = questions_.at(id);
  while (step == load::NameLookup::Step::kSend && !send(id, question, now)) {
    step = question.lookup.onTimeout();
  }
  if (step != load::NameLookup::Step::kDone) {
    return true;
  }
  answers_.push_back({question.asker, question.lookup.addresses(), question.lookup.error()});
  questions_.erase(id);
  return false;
}

/// From a new socket each time, so that a late reply to an older question is not heard.
bool NameClient::send(std::uint64_t id, Question& question, MonoTime now) {
  question.socket = openDatagram({question.lookup.server(), kDnsPort});
  const int fd = question.socket.get();
  if (fd < 0 || !poller_.addReadable(fd, id)) {
    return false;
  }
  question.deadline = now + load::NameLookup::kTimeout;
  const auto& queries = question.lookup.queries();
  return std::all_of(queries.begin(), queries.end(), [fd](const auto& query) {
    return ::send(fd, query.data(), query.size(), MSG_NOSIGNAL) >= 0;
  });
}

void NameClient::onReadable(std::uint64_t tag, MonoTime now) {
  std::uint8_t buffer[4096];
  for (auto found = questions_.find(tag); found != questions_.end(); found = questions_.find(tag)) {
    Question& question = found->second;
    const ssize_t count = recv(question.socket.get(), buffer, sizeof buffer, 0);
    if (count < 0 && errno == EAGAIN) {
      return;
    }
    const auto step = count < 0
                          ? question.lookup.onTimeout()
                          : question.lookup.onReply({buffer, static_cast<std::size_t>(count)});
    proceed(tag, step, now);
  }
}

std::optional<MonoTime> NameClient::deadline() const {
  std::optional<MonoTime> next;
  for (const auto& [id, question] : questions_) {
    next = std::min(next.value_or(question.deadline), question.deadline);
  }
  return next;
}

void NameClient::tick(MonoTime now) {
  for (auto at = questions_.begin(); at != questions_.end();) {
    const auto current = at++;
    if (current->second.deadline <= now) {
      proceed(current->first, current->second.lookup.onTimeout(), now);
    }
  }
}

}  // namespace hitless::sys
