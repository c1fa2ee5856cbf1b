// Batching with the DataLoader package, new for each request, in two ways.
import DataLoader from 'dataloader'
import * as loads from './loads.js'

const cacheKeyFn = one => one.key.toHexString()

// The customary way: a DataLoader per list and arguments, and so a command per record kind.
export class Lists {
  constructor (viewer) {
    this.viewer = viewer
    this.loaders = new Map()
  }

  load (name, size, customer) {
    const key = `${name}:${size}`
    let loader = this.loaders.get(key)
    if (loader === undefined) {
      const load = loads[name](size)
      loader = new DataLoader(customers => this.batch(load, customers), { cacheKeyFn })
      this.loaders.set(key, loader)
    }
    return loader.load(customer)
  }

  async batch (load, customers) {
    const found = await loads.loaded([load], customers.map(one => one.key))
    return customers.map(one => load.read(found.get(one.key.toHexString())[0], this.viewer, one.document))
  }
}

// One DataLoader for all lists: what is asked for at once, of whatever kind, is one command. No handbook shows this;
// it is what the gateway's store does, given to the fastest of the others.
export class FusedLists {
  constructor (viewer) {
    this.viewer = viewer
    this.loads = new Map()
    this.loader = new DataLoader(asked => this.batch(asked), { cache: false })
  }

  load (name, size, customer) {
    const key = `${name}:${size}`
    let load = this.loads.get(key)
    if (load === undefined) {
      load = loads[name](size)
      this.loads.set(key, load)
    }
    return this.loader.load({ load, customer })
  }

  async batch (asked) {
    const places = new Map()
    const keys = new Map()
    for (const { load, customer } of asked) {
      if (!places.has(load)) places.set(load, places.size)
      keys.set(customer.key.toHexString(), customer.key)
    }
    const found = await loads.loaded([...places.keys()], [...keys.values()])
    return asked.map(({ load, customer }) =>
      load.read(found.get(customer.key.toHexString())[places.get(load)], this.viewer, customer.document))
  }
}
