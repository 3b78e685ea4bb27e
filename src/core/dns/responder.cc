#include "core/dns/responder.h"

#include <algorithm>

#include "core/dns/packet.h"

namespace hitless::dns {
namespace {

/// A query of our own, for a name that an answer needs.
std::vector<std::uint8_t> queryFor(const Name& name, Type type) {
  std::vector<std::uint8_t> packet(kHeaderSize + name.wire().size() + 4);
  writeU16(packet, kFlagsAt, kFlagRecursionDesired);
  writeU16(packet, kQuestionCountAt, 1);
  std::copy(name.wire().begin(), name.wire().end(), packet.begin() + kHeaderSize);
  writeU16(packet, packet.size() - 4, static_cast<std::uint16_t>(type));
  writeU16(packet, packet.size() - 2, static_cast<std::uint16_t>(Class::kInternet));
  return packet;
}

double secondsOf(nanoseconds duration) {
  return static_cast<double>(duration.count()) / 1e9;
}

}  // namespace

Responder::Responder(ResponderOptions options, Recursor& recursor, Rng& rng, LogSink log)
    : options_(options),
      recursor_(recursor),
      log_(std::move(log)),
      random_(rng.next() | 1),
      parking_(options.parking),
      scratch_(kMaxMessage) {
  if (options.repeatFor > seconds{0}) {
    repeater_.emplace(options.repeatFor, rng);
  }
}

std::uint64_t Responder::nextRandom() {  // xorshift64: for the order of addresses only.
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return random_;
}

AnswerContext Responder::contextFor(const View& view, const Incoming& incoming, MonoTime now,
                                    bool mayPark) {
  AnswerContext context;
  context.transport = incoming.transport;
  context.now = now;
  context.contact = view.contact;
  context.random = nextRandom();
  context.mayPark = mayPark && parking_.enabled();
  context.search = options_.searchPath ? view.clients.searchOf(incoming.client) : nullptr;
  return context;
}

std::size_t Responder::refuseFault(QueryFault fault, const Query& query,
                                   std::span<std::uint8_t> out) {
  if (fault == QueryFault::kIgnore) {
    ++traffic_.ignored;
    return 0;
  }
  ++traffic_.malformed;
  const Rcode rcode = fault == QueryFault::kNotImp    ? Rcode::kNotImp
                      : fault == QueryFault::kBadVers ? Rcode::kBadVers
                                                      : Rcode::kFormErr;
  return refuse(query, rcode, out);
}

/// An answer that is kept from before; 0 if there is none.
std::size_t Responder::repeat(const Query& query, const Incoming& incoming, MonoTime now,
                              std::span<std::uint8_t> out) {
  if (!repeater_) {
    return 0;
  }
  const std::size_t size = repeater_->repeat(query, incoming.transport, now, out);
  if (size != 0) {
    ++untimed_.own;
    count(query, incoming, ByteView(out).first(size), Source::kZone);
    log({incoming.client, incoming.port, incoming.transport, incoming.packet.size(), {}}, query,
        ByteView(out).first(size));
  }
  return size;
}

std::size_t Responder::receive(const View& view, const Incoming& incoming, MonoTime now,
                               std::span<std::uint8_t> out, const std::function<Reply()>& later) {
  Query query;
  const QueryFault fault = parseQuery(incoming.packet, query);
  if (fault != QueryFault::kNone) {
    return refuseFault(fault, query, out);
  }
  if (const std::size_t size = repeat(query, incoming, now, out)) {
    return size;
  }
  AnswerContext context = contextFor(view, incoming, now, true);
  Outcome outcome = answer(view.zone, query, context, out);
  Source source = Source::kZone;
  std::size_t size = outcome.size;
  switch (outcome.action) {
    case Outcome::Action::kSend:
      if (repeater_ && !outcome.searched) {
        repeater_->keep(query, ByteView(out).first(size), now);
      }
      break;
    case Outcome::Action::kForward:
      source = Source::kCache;
      size = recursor_.answerNow(query, incoming.transport, now, out);
      if (size == 0) {
        const Recursor::Ticket ticket = nextTicket_++;
        const Pending& pending = keep(ticket, incoming, now, later());
        recursor_.ask(ticket, pending.query, incoming.transport);
        return 0;
      }
      break;
    case Outcome::Action::kFollow: {
      const Recursor::Ticket ticket = nextTicket_++;
      keep(ticket, incoming, now, later()).followUp = std::move(outcome.followUp);
      askNext(view, ticket, now);
      return 0;
    }
    case Outcome::Action::kPark:
      if (park(incoming, now, later)) {
        return 0;
      }
      context.mayPark = false;
      context.search = nullptr;
      outcome = answer(view.zone, query, context, out);
      size = outcome.size;
      break;
  }
  traffic_.searches += outcome.searched ? 1 : 0;
  ++(source == Source::kZone ? untimed_.own : untimed_.elsewhere);
  count(query, incoming, ByteView(out).first(size), source);
  log({incoming.client, incoming.port, incoming.transport, incoming.packet.size(), {}}, query,
      ByteView(out).first(size));
  return size;
}

void Responder::batchTook(nanoseconds duration) {
  const std::uint64_t count = untimed_.own + untimed_.elsewhere;
  if (count == 0) {
    return;
  }
  const double each = secondsOf(duration) / static_cast<double>(count);
  traffic_.own.duration.add(each, kTimeBounds, untimed_.own);
  traffic_.elsewhere.duration.add(each, kTimeBounds, untimed_.elsewhere);
  untimed_ = {};
}

Responder::Pending& Responder::keep(Recursor::Ticket ticket, const Incoming& incoming, MonoTime now,
                                    Reply reply) {
  Pending& pending = asked_[ticket];
  pending.packet.assign(incoming.packet.begin(), incoming.packet.end());
  pending.incoming = incoming;
  pending.incoming.packet = pending.packet;
  pending.arrived = now;
  pending.reply = std::move(reply);
  parseQuery(pending.packet, pending.query);
  return pending;
}

bool Responder::park(const Incoming& incoming, MonoTime now, const std::function<Reply()>& later) {
  const auto place = parking_.enter(incoming.client, now);
  if (!place) {
    ++traffic_.parkingFull;
    return false;
  }
  ++traffic_.parked;
  const Recursor::Ticket ticket = nextTicket_++;
  keep(ticket, incoming, now, later());
  auto node = asked_.extract(ticket);
  waiting_.emplace(*place, std::move(node.mapped()));
  return true;
}

void Responder::askNext(const View& view, Recursor::Ticket ticket, MonoTime now) {
  Pending& pending = asked_.at(ticket);
  const std::vector<std::uint8_t> packet =
      queryFor(pending.followUp.candidates.front(), pending.query.question.type);
  Query query;
  parseQuery(packet, query);
  // By TCP's rules: the reply's records go into a message of its own.
  const std::size_t size = recursor_.answerNow(query, Transport::kTcp, now, scratch_);
  if (size == 0) {
    return recursor_.ask(ticket, query, Transport::kTcp);
  }
  const std::vector<std::uint8_t> reply(scratch_.begin(),
                                        scratch_.begin() + static_cast<std::ptrdiff_t>(size));
  recursed(view, ticket, reply, now);
}

void Responder::recursed(const View& view, Recursor::Ticket ticket, ByteView message,
                         MonoTime now) {
  const auto it = asked_.find(ticket);
  if (it == asked_.end()) {
    return;
  }
  Pending& pending = it->second;
  if (pending.followUp.candidates.empty()) {
    auto node = asked_.extract(it);
    return complete(std::move(node.mapped()), message, Source::kForward, now);
  }
  AnswerContext context = contextFor(view, pending.incoming, now, false);
  context.search = nullptr;
  Outcome outcome =
      followed(view.zone, pending.query, context, std::move(pending.followUp), message, scratch_);
  if (outcome.action == Outcome::Action::kFollow) {
    pending.followUp = std::move(outcome.followUp);
    return askNext(view, ticket, now);
  }
  traffic_.searches += outcome.searched ? 1 : 0;
  auto node = asked_.extract(it);
  const std::vector<std::uint8_t> bytes(
      scratch_.begin(), scratch_.begin() + static_cast<std::ptrdiff_t>(outcome.size));
  complete(std::move(node.mapped()), bytes, Source::kForward, now);
}

void Responder::retry(const View& view, Parking::Ticket ticket, MonoTime now, bool mayPark) {
  const auto it = waiting_.find(ticket);
  if (it == waiting_.end()) {
    return;
  }
  AnswerContext context = contextFor(view, it->second.incoming, now, mayPark);
  context.search = nullptr;  // It waited because the cluster knows its name.
  Outcome outcome = answer(view.zone, it->second.query, context, scratch_);
  if (outcome.action == Outcome::Action::kPark) {
    return;
  }
  parking_.leave(ticket);
  Pending pending = std::move(waiting_.extract(it).mapped());
  if (outcome.action != Outcome::Action::kSend) {
    // What it waited for leads elsewhere now.
    outcome.size = refuse(pending.query, Rcode::kServFail, scratch_, ExtendedError::kNotReady);
  }
  const ByteView message = ByteView(scratch_).first(outcome.size);
  traffic_.parkedAnswered += readU16(message, kAnswerCountAt) > 0 ? 1 : 0;
  complete(std::move(pending), message, Source::kZone, now);
}

void Responder::zoneChanged(const View& view, MonoTime now) {
  for (const Parking::Ticket ticket : parking_.all()) {
    retry(view, ticket, now, true);
  }
}

void Responder::tick(const View& view, MonoTime now) {
  for (const Parking::Ticket ticket : parking_.expired(now)) {
    retry(view, ticket, now, false);
  }
}

void Responder::complete(Pending pending, ByteView message, Source source, MonoTime now) {
  std::vector<std::uint8_t> failure;
  if (message.empty()) {
    failure.resize(kPlainUdpSize);
    failure.resize(refuse(pending.query, Rcode::kServFail, failure));
    message = failure;
  }
  pending.reply(message);
  const Incoming& incoming = pending.incoming;
  const nanoseconds taken = now - pending.arrived;
  Traffic::Zone& zone = source == Source::kZone ? traffic_.own : traffic_.elsewhere;
  zone.duration.add(secondsOf(taken), kTimeBounds);
  count(pending.query, incoming, message, source);
  log({incoming.client, incoming.port, incoming.transport, incoming.packet.size(), taken},
      pending.query, message);
}

void Responder::log(const LogEntry& entry, const Query& query, ByteView answered) {
  if (options_.log.any() && wanted(options_.log, answered)) {
    log_(logLine(entry, query, answered));
  }
}

void Responder::count(const Query& query, const Incoming& incoming, ByteView answered,
                      Source source) {
  Traffic::Zone& zone = source == Source::kZone ? traffic_.own : traffic_.elsewhere;
  const auto transport = static_cast<std::size_t>(incoming.transport);
  ++zone.requests[transport][incoming.client.isV4() ? 0 : 1][countedType(query.question.type)];
  const std::size_t rcode = readU16(answered, kFlagsAt) & kRcodeMask;
  ++zone.responses[static_cast<std::size_t>(source)][rcode];
  zone.requestSize[transport].add(static_cast<double>(incoming.packet.size()), kSizeBounds);
  zone.responseSize[transport].add(static_cast<double>(answered.size()), kSizeBounds);
  zone.dnssecRequests += query.edns && query.edns->dnssecOk ? 1 : 0;
}

}  // namespace hitless::dns
