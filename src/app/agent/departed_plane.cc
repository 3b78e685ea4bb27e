#include "app/agent/departed_plane.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "core/nft/diff.h"
#include "core/rules/second_chance_rules.h"

namespace hitless::app {
namespace {

std::set<IpAddress> united(const std::set<IpAddress>& a, const std::set<IpAddress>& b) {
  std::set<IpAddress> both = a;
  both.insert(b.begin(), b.end());
  return both;
}

}  // namespace

DepartedPlane::DepartedPlane(Parts parts, std::string node, rules::DepartedTableOptions options)
    : parts_(std::move(parts)),
      options_(options),
      ledger_(std::move(node), options.times),
      resetter_({parts_.io, parts_.worker, parts_.packets, [this] { return ours(); },
                 [this](const IpAddress& ip) { return applied_.gone.contains(ip); },
                 [this](std::size_t reset, std::size_t forgotten) { onReset(reset, forgotten); }}) {
}

void DepartedPlane::start() {
  if (parts_.log != nullptr) {
    parts_.log->start(parts_.io, [this](netlink::ByteView packet) {
      waiting_.add(packet);
      release(applied_);  // A copy may come when its address waits no more.
    });
  }
}

void DepartedPlane::stop() {
  if (parts_.log != nullptr) {
    parts_.log->stop();
  }
  resetter_.stop();
}

bool DepartedPlane::applyPods(const watch::Update& own) {
  return ledger_.applyPods(own);
}

void DepartedPlane::ending(const std::string& podUid, MonoTime now) {
  ledger_.ending(podUid);
  if (!trusted_) {
    return;  // Nothing of ours is in the kernel, or nobody knows what.
  }
  if (const auto done = commit(now); !done) {
    spdlog::warn("cannot make connections wait for a pod: {}", done.error().text());
  }
}

std::set<IpAddress> DepartedPlane::ours() const {
  std::set<IpAddress> all = applied_.ownPods;
  for (const IpAddress& ip : parts_.machine()) {
    all.insert(ip);
  }
  return all;
}

void DepartedPlane::update(const service::Snapshot& before, const service::Snapshot& after,
                           const service::Changes& changes) {
  if (!std::exchange(adopted_, true)) {
    if (const auto present = parts_.dataplane.read()) {
      ledger_.adopt(rules::directionsOf(*present));
    }
  }
  ledger_.update(before, after, changes);
}

std::optional<MonoTime> DepartedPlane::deadline() const {
  const auto next = ledger_.deadline();
  return next && renewAt_ ? std::min(*next, *renewAt_) : next ? next : renewAt_;
}

Result<nft::Receipt> DepartedPlane::applyTo(const nft::Ruleset& present, nft::Ruleset wanted,
                                            bool renew) {
  auto transaction = nft::diff(present, wanted);
  if (renew) {
    rules::second_chance::renew(transaction, present, wanted);
  }
  nft::Receipt receipt;
  if (!transaction.empty()) {
    receipt = TRY(parts_.dataplane.apply(transaction));
  }
  table_ = std::move(wanted);
  trusted_ = true;
  return receipt;
}

Result<nft::Receipt> DepartedPlane::apply(const departed::Directions& wanted, bool renew) {
  nft::Ruleset table = rules::departedTable(wanted, options_);
  if (std::exchange(trusted_, false)) {
    auto receipt = applyTo(table_, table, renew);
    // The kernel may have removed an element whose time was over while we were late.
    if (receipt || receipt.error().osError != ENOENT) {
      return receipt;
    }
  }
  const nft::Ruleset present = TRY(parts_.dataplane.read());
  return applyTo(present, std::move(table), renew);
}

Result<nft::Receipt> DepartedPlane::commit(MonoTime now) {
  ledger_.settle(now);
  const bool due = renewAt_ && now >= *renewAt_;
  if (trusted_ && !due && generation_ == ledger_.generation()) {
    return nft::Receipt{};
  }
  const departed::Directions& wanted = ledger_.directions();
  // What a predecessor has left may be near its end.
  const bool renew = due || !renewAt_;
  auto receipt = TRY(apply(wanted, renew));
  if (wanted.secondChances.empty()) {
    renewAt_.reset();
  } else if (renew) {
    renewAt_ = now + options_.secondChanceTerm / 2;
  }
  generation_ = ledger_.generation();
  std::set<IpAddress> gone;
  std::set_difference(wanted.gone.begin(), wanted.gone.end(), applied_.gone.begin(),
                      applied_.gone.end(), std::inserter(gone, gone.end()));
  applied_ = wanted;
  if (parts_.log != nullptr) {
    parts_.log->readAll();
  }
  release(applied_);
  resetter_.reset(gone);
  for (const departed::Happening& happening : ledger_.takeHappenings()) {
    onHappening(happening);
  }
  return receipt;
}

bool DepartedPlane::sendOn(departed::WaitingSyns::Syn& syn, const IpAddress& backend) {
  const auto tracked = parts_.flows.find(syn.tuple);
  const departed::Resend resend =
      tracked ? departed::resend(*tracked, backend) : departed::Resend::kYes;
  if (resend == departed::Resend::kNo) {
    return false;
  }
  if (resend == departed::Resend::kAfterForgetting) {
    (void)parts_.flows.remove(**tracked);
  }
  departed::sumUp(syn.packet);
  const Status done = parts_.packets->send(syn.packet, backend);
  if (!done) {
    spdlog::debug("cannot send on an attempt to connect: {}", done.error().text());
  }
  return done.has_value();
}

void DepartedPlane::release(const departed::Directions& now) {
  std::size_t sent = 0;
  for (departed::WaitingSyns::Syn& syn :
       waiting_.takeAllBut(united(now.parked, now.parkedFromNode))) {
    if (parts_.packets == nullptr) {
      continue;
    }
    const auto forwarded = now.forwarded.find(syn.tuple.destination);
    sent +=
        sendOn(syn, forwarded == now.forwarded.end() ? syn.tuple.destination : forwarded->second);
  }
  if (sent > 0) {
    onReleased(sent);
  }
}

}  // namespace hitless::app
