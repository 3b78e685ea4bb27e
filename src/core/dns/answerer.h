#pragma once

#include "core/dns/answer.h"

/// Only for answer.cc, which finds out what to answer, and answer_records.cc, which writes it.
namespace hitless::dns {

inline IpFamily familyOf(Type type) {
  return type == Type::kAaaa ? IpFamily::kV6 : IpFamily::kV4;
}

/// Makes one answer from the zone.
class Answerer {
 public:
  Answerer(const Zone& zone, const Query& query, const AnswerContext& context,
           std::span<std::uint8_t> out)
      : zone_(zone),
        query_(query),
        context_(context),
        writer_(out, query.limit(context.transport), query),
        random_(context.random | 1) {}

  Outcome run();
  /// After the CNAMEs of a chain, with the name that they lead to.
  Outcome resume(FollowUp followUp, ByteView reply);

 private:
  Outcome answerName(std::string_view name);
  Outcome answerService(const Match& match, std::string_view name);
  Outcome answerReverse(const std::vector<Name>& names);
  Outcome follow(const Match& match, std::string_view name);
  Outcome walkSearch(FollowUp followUp);
  Outcome startSearch();
  bool parks(const Match& match) const;

  void addAddresses(const Match& match, std::string_view name, IpFamily family, Section section);
  void addTargets(const Match& match, std::string_view name);
  void addApex(std::string_view name);
  void addGeneration(std::string_view name);
  void addServers(Section section);
  bool addChain();

  Outcome negative(Rcode rcode, const ServiceRecords* records = nullptr);
  Outcome positiveOrNoData(const Match& match);
  Outcome finish(Rcode rcode);
  void note(bool written) { truncated_ = truncated_ || !written; }
  /// `bound`: at most 2^32.
  std::size_t randomBelow(std::size_t bound);
  std::uint32_t ttlOf(const Match& match, IpFamily family) const;

  const Zone& zone_;
  const Query& query_;
  const AnswerContext& context_;
  MessageWriter writer_;
  std::uint64_t random_;
  FollowUp followUp_;
  bool truncated_ = false;
  std::size_t answers_ = 0;
};

}  // namespace hitless::dns
