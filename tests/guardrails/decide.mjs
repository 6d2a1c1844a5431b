// Decides requests with iam-simulate: JSON in on stdin, JSON out on stdout. What is expected, and why, is Python's business.
//
// in:  {documents: {name: policy}, requests: [request], mutants: [{name, document, requests: [index into requests]}]}
//      request: {principal, identity: [name], boundary: name|null, scps: [name], resourcePolicy: name|null, action, resource,
//      account, context, outcome}
// out: {found: [outcome of each request], noticed: [for each mutant the index of the first request that comes out
//      otherwise than it should, or null]}
// Outcomes are iam-simulate's: Allowed, ImplicitlyDenied, ExplicitlyDenied. A request's `outcome` is a list of those that
// are right.
import { readFileSync } from 'node:fs'
import { runSimulation } from '@cloud-copilot/iam-simulate'

const { documents, requests, mutants } = JSON.parse(readFileSync(0, 'utf8'))

async function decide(request, replaced = {}) {
  const named = (name) => ({ name, policy: replaced[name] ?? documents[name] })
  const answer = await runSimulation(
    {
      request: {
        principal: request.principal,
        action: request.action,
        resource: { resource: request.resource, accountId: request.account },
        contextVariables: request.context
      },
      identityPolicies: request.identity.map(named),
      permissionBoundaryPolicies: request.boundary === null ? undefined : [request.boundary].map(named),
      // All at one level: every level would have to allow by itself.
      serviceControlPolicies: request.scps.length ? [{ orgIdentifier: 'o-lab', policies: request.scps.map(named) }] : [],
      resourceControlPolicies: [],
      resourcePolicy: request.resourcePolicy === null ? undefined : documents[request.resourcePolicy]
    },
    {}
  )
  const about = `${request.action} on ${request.resource}`
  if (answer.resultType !== 'single') {
    throw new Error(`${about}: no decision: ${JSON.stringify(answer.errors ?? answer.resultType)}`)
  }
  // A condition key that does not belong to the action is left out silently, and the case would say less than it seems to.
  const ignored = answer.result.ignoredContextKeys
  if (ignored.length) throw new Error(`${about}: iam-simulate leaves out the condition keys ${ignored.join(', ')}`)
  return answer.overallResult
}

const found = []
for (const request of requests) found.push(await decide(request))

const noticed = []
for (const mutant of mutants) {
  let first = null
  for (const index of mutant.requests) {
    const outcome = await decide(requests[index], { [mutant.name]: mutant.document })
    if (!requests[index].outcome.includes(outcome)) {
      first = index
      break
    }
  }
  noticed.push(first)
}

process.stdout.write(JSON.stringify({ found, noticed }))
